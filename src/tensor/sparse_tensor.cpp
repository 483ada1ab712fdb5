#include "tessera/tensor/sparse_tensor.hpp"

#include <Kokkos_Core.hpp>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

using Entries = Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>;

template <typename T>
struct Block {
    Extents shape;
    const T* values;
    const std::uint8_t* mask;  ///< null: every entry is observed

    KOKKOS_INLINE_FUNCTION bool observed(Index entry) const {
        return mask == nullptr || mask[entry] != 0;
    }
};

template <typename T>
Index count_observed(const Block<T>& block) {
    Index count = 0;
    Kokkos::parallel_reduce(
        "tessera::count_observed", Entries(0, block.shape.product()),
        KOKKOS_LAMBDA(const Index entry, Index& sum) { sum += block.observed(entry) ? 1 : 0; },
        count);
    return count;
}

template <typename T>
void list_observed(const Block<T>& block, Index count, std::uint32_t* indices, T* values) {
    const Extents shape = block.shape;
    Kokkos::parallel_scan(
        "tessera::list_observed", Entries(0, shape.product()),
        KOKKOS_LAMBDA(const Index entry, Index& listed, const bool final) {
            if (!block.observed(entry)) {
                return;
            }
            if (final) {
                const Extents position = row_major_position(entry, shape);
                for (int mode = 0; mode < shape.order(); ++mode) {
                    indices[mode * count + listed] = static_cast<std::uint32_t>(position[mode]);
                }
                values[listed] = block.values[entry];
            }
            ++listed;
        });
    Kokkos::DefaultExecutionSpace().fence("tessera::list_observed");
}

}  // namespace

template <typename T>
SparseTensor<T>::SparseTensor(std::string label, UnevenPartition partition,
                              DeviceView<std::uint32_t> indices, DeviceView<T> values)
    : label_(std::move(label)),
      partition_(std::move(partition)),
      box_(partition_.box()),
      indices_(std::move(indices)),
      values_(std::move(values)),
      entry_count_(partition_.communicator().sum(static_cast<Index>(values_.size()))) {
    TESSERA_ASSERT(indices_.size() == values_.size() * static_cast<std::size_t>(order()),
                   "an entry of \"" + label_ + "\" has one position per mode");
    for (int mode = 0; mode < order(); ++mode) {
        TESSERA_ASSERT(shape()[mode] <= largest_extent, "positions take 32 bits");
    }
}

template <typename T>
SparseTensor<T> observed_entries(const DenseTensor<T>& tensor,
                                 const std::optional<DenseTensor<std::uint8_t>>& mask) {
    const Block<T> block{tensor.block_shape(), tensor.block().data(),
                         mask ? mask->block().data() : nullptr};
    const Index count = count_observed(block);
    DeviceView<std::uint32_t> indices;
    DeviceView<T> values;
    agree(tensor.communicator(), [&] {
        indices = allocate<std::uint32_t>(tensor.label() + " positions", tensor.order() * count);
        values = allocate<T>(tensor.label() + " observed", count);
    });
    list_observed(block, count, indices.data(), values.data());
    return {tensor.label(), UnevenPartition(tensor.partition()), indices, values};
}

#define TESSERA_INSTANTIATE(T)                                       \
    template class SparseTensor<T>;                                  \
    template SparseTensor<T> observed_entries(const DenseTensor<T>&, \
                                              const std::optional<DenseTensor<std::uint8_t>>&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
