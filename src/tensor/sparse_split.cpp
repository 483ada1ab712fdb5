#include "tessera/tensor/sparse_split.hpp"

#include <Kokkos_Core.hpp>
#include <optional>

#include "tessera/base/error.hpp"
#include "tessera/base/random.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/parallel/strided_copy.hpp"
#include "view_copies.hpp"

namespace tessera {
namespace {

constexpr std::uint32_t stream = 0x484F4C44U;  // away from those of corruptions and starts

/// The chosen entries of a tensor, in their order.
template <typename T>
SparseTensor<T> select(const SparseTensor<T>& tensor, const std::vector<char>& held, char wanted) {
    DeviceView<std::uint32_t> indices;
    DeviceView<T> values;
    agree(tensor.communicator(), [&] {
        const std::vector<std::uint32_t> all = detail::to_host(tensor.indices());
        const std::vector<T> all_values = detail::to_host(tensor.values());
        std::vector<std::uint32_t> chosen;
        std::vector<T> chosen_values;
        for (int mode = 0; mode < tensor.order(); ++mode) {
            const std::size_t begin = static_cast<std::size_t>(mode) * held.size();
            for (std::size_t entry = 0; entry < held.size(); ++entry) {
                if (held[entry] == wanted) {
                    chosen.push_back(all[begin + entry]);
                }
            }
        }
        for (std::size_t entry = 0; entry < held.size(); ++entry) {
            if (held[entry] == wanted) {
                chosen_values.push_back(all_values[entry]);
            }
        }
        indices = detail::to_device("split positions", chosen);
        values = detail::to_device("split values", chosen_values);
    });
    return {tensor.label(), tensor.partition(), indices, values};
}

}  // namespace

template <typename T>
SparseSplit<T> split_entries(const SparseTensor<T>& tensor, double fraction, std::uint64_t seed) {
    const std::vector<std::uint32_t> indices = detail::to_host(tensor.indices());
    const SparseCoordinates coordinates{indices.data(), tensor.local_count()};
    const Random random(seed, stream);
    std::vector<char> held;
    for (Index entry = 0; entry < tensor.local_count(); ++entry) {
        // Row-major; beyond 2^64 entries numbers repeat, which does not matter to a draw.
        std::uint64_t position = 0;
        for (int mode = 0; mode < tensor.order(); ++mode) {
            position =
                position * static_cast<std::uint64_t>(tensor.shape()[mode]) +
                static_cast<std::uint64_t>(tensor.box().begin[mode] + coordinates(mode, entry));
        }
        held.push_back(random.uniform(static_cast<Index>(position)) < fraction ? 1 : 0);
    }
    return {select(tensor, held, 0), select(tensor, held, 1)};
}

template <typename T>
void remove_entries(const SparseTensor<T>& entries, const DenseTensor<T>& tensor,
                    const DenseTensor<std::uint8_t>& mask) {
    TESSERA_ASSERT(entries.box() == tensor.box(), "both tensors lie on one partition");
    const Extents strides = row_major_strides(tensor.block_shape());
    const SparseCoordinates coordinates = entries.coordinates();
    const int order = tensor.order();
    T* values = tensor.block().data();
    std::uint8_t* observed = mask.block().data();
    Kokkos::parallel_for(
        "tessera::remove_entries",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>(
            0, entries.local_count()),
        KOKKOS_LAMBDA(const Index entry) {
            Index offset = 0;
            for (int mode = 0; mode < order; ++mode) {
                offset += coordinates(mode, entry) * strides[mode];
            }
            values[offset] = T{0};
            observed[offset] = 0;
        });
    Kokkos::fence("tessera::remove_entries");
}

template <typename T>
DenseTensor<T> dense_tensor(const SparseTensor<T>& entries, const Partition& partition, T absent) {
    std::optional<DenseTensor<T>> result;
    agree(partition.communicator(), [&] { result.emplace(entries.label(), partition); });
    TESSERA_ASSERT(entries.box() == result->box(), "the entries lie on the tensor's partition");
    const DeviceView<T> block = result->block();
    Kokkos::deep_copy(block, absent);
    const Extents strides = row_major_strides(result->block_shape());
    const SparseCoordinates coordinates = entries.coordinates();
    const T* const values = entries.values().data();
    const int order = entries.order();
    Kokkos::parallel_for(
        "tessera::dense_tensor",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>(
            0, entries.local_count()),
        KOKKOS_LAMBDA(const Index entry) {
            Index offset = 0;
            for (int mode = 0; mode < order; ++mode) {
                offset += coordinates(mode, entry) * strides[mode];
            }
            block(static_cast<std::size_t>(offset)) = values[entry];
        });
    Kokkos::fence("tessera::dense_tensor");
    return *result;
}

#define TESSERA_INSTANTIATE(T)                                                            \
    template SparseSplit<T> split_entries(const SparseTensor<T>&, double, std::uint64_t); \
    template void remove_entries(const SparseTensor<T>&, const DenseTensor<T>&,           \
                                 const DenseTensor<std::uint8_t>&);                       \
    template DenseTensor<T> dense_tensor(const SparseTensor<T>&, const Partition&, T);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
