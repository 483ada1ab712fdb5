#include "tessera/tensor/transform.hpp"

#include <algorithm>
#include <cstdint>

#include "fetch_box.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/strided_copy.hpp"
#include "tessera/tensor/redistribute.hpp"

namespace tessera {
namespace {

/// The order that undoes another one.
std::vector<int> inverse(const std::vector<int>& mode_order) {
    std::vector<int> result(mode_order.size());
    for (std::size_t i = 0; i < mode_order.size(); ++i) {
        result[static_cast<std::size_t>(mode_order[i])] = static_cast<int>(i);
    }
    return result;
}

bool is_permutation_of_modes(const std::vector<int>& mode_order, int order) {
    std::vector<int> sorted = mode_order;
    std::sort(sorted.begin(), sorted.end());
    for (int mode = 0; mode < order; ++mode) {
        if (static_cast<int>(sorted.size()) != order ||
            sorted[static_cast<std::size_t>(mode)] != mode) {
            return false;
        }
    }
    return true;
}

}  // namespace

Extents permuted(const Extents& extents, const std::vector<int>& mode_order) {
    TESSERA_ASSERT(is_permutation_of_modes(mode_order, extents.order()),
                   "a mode order names every mode once");
    Extents result = extents;
    for (int i = 0; i < extents.order(); ++i) {
        result[i] = extents[mode_order[static_cast<std::size_t>(i)]];
    }
    return result;
}

template <typename T>
DenseTensor<T> permute(const DenseTensor<T>& tensor, const std::vector<int>& mode_order,
                       const Partition& target) {
    TESSERA_ASSERT(permuted(tensor.shape(), mode_order) == target.shape(),
                   "the target has the permuted shape");
    if (std::is_sorted(mode_order.begin(), mode_order.end())) {
        return redistribute(tensor, target);
    }
    // First every rank gets the entries of its new block, still in the old order of modes.
    const std::vector<int> back = inverse(mode_order);
    const Box wanted{permuted(target.box().begin, back), permuted(target.box().end, back)};
    const bool stays = !tensor.communicator().any(!(wanted == tensor.box()));
    const DeviceView<T> entries =
        stays ? tensor.block() : detail::fetch_box(tensor, wanted, tensor.label() + " to permute");
    DeviceView<T> block;
    agree(tensor.communicator(), [&] { block = allocate<T>(tensor.label(), target.box().size()); });
    const Extents new_strides = row_major_strides(target.box().shape());
    const Extents shape = wanted.shape();
    strided_copy<T>(entries.data(), block.data(),
                    {shape, row_major_strides(shape), permuted(new_strides, back), 0, 0});
    Kokkos::DefaultExecutionSpace().fence("tessera::permute");  // before `entries` go
    return {tensor.label(), target, block};
}

template <typename T>
DenseTensor<T> crop(const DenseTensor<T>& tensor, const Box& region, const Partition& target) {
    TESSERA_ASSERT(detail::lies_within(region, tensor.shape()), "a crop lies within its tensor");
    TESSERA_ASSERT(region.shape() == target.shape(), "a crop has the shape of its region");
    Box wanted = target.box();
    for (int mode = 0; mode < tensor.order(); ++mode) {
        wanted.begin[mode] += region.begin[mode];
        wanted.end[mode] += region.begin[mode];
    }
    return {tensor.label(), target, detail::fetch_box(tensor, wanted, tensor.label())};
}

#define TESSERA_INSTANTIATE(T)                                                      \
    template DenseTensor<T> permute(const DenseTensor<T>&, const std::vector<int>&, \
                                    const Partition&);                              \
    template DenseTensor<T> crop(const DenseTensor<T>&, const Box&, const Partition&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
TESSERA_INSTANTIATE(std::uint8_t)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
