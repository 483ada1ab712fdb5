#include "tessera/tensor/redistribute.hpp"

#include <algorithm>
#include <cstdint>

#include "fetch_box.hpp"
#include "tessera/base/error.hpp"

namespace tessera {

template <typename T>
DenseTensor<T> redistribute(const DenseTensor<T>& tensor, const Partition& target) {
    TESSERA_ASSERT(tensor.shape() == target.shape(), "redistribution keeps the shape");
    if (tensor.partition() == target) {
        return tensor;
    }
    return {tensor.label(), target, detail::fetch_box(tensor, target.box(), tensor.label())};
}

template <typename T>
HostView<T> gather_box(const DenseTensor<T>& tensor, const Box& box, int root) {
    TESSERA_ASSERT(detail::lies_within(box, tensor.shape()), "a gathered box lies in its tensor");
    const Extents corner = Extents::filled(tensor.order(), 0);
    const Box nothing{corner, corner};
    const bool wanted_here = tensor.communicator().rank() == root;
    return Kokkos::create_mirror_view_and_copy(
        Kokkos::HostSpace{},
        detail::fetch_box(tensor, wanted_here ? box : nothing, tensor.label() + " gathered"));
}

template <typename T>
HaloBlock<T> with_halo(const DenseTensor<T>& tensor, const Extents& width) {
    TESSERA_ASSERT(width.order() == tensor.order(), "a halo has one width per mode");
    Box box = tensor.box();
    const bool empty = box.size() == 0;
    for (int mode = 0; mode < tensor.order() && !empty; ++mode) {
        box.begin[mode] = std::max(box.begin[mode] - width[mode], Index{0});
        box.end[mode] = std::min(box.end[mode] + width[mode], tensor.shape()[mode]);
    }
    return {box, detail::fetch_box(tensor, box, tensor.label() + " with halo")};
}

#define TESSERA_INSTANTIATE(T)                                                     \
    template DenseTensor<T> redistribute(const DenseTensor<T>&, const Partition&); \
    template HostView<T> gather_box(const DenseTensor<T>&, const Box&, int);       \
    template HaloBlock<T> with_halo(const DenseTensor<T>&, const Extents&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
TESSERA_INSTANTIATE(std::uint8_t)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
