#pragma once

#include <string>
#include <vector>

#include "tessera/tensor/dense_tensor.hpp"

/// Kernels over the entries of a block that know where they are.
namespace tessera {

/// Where an entry lies in the whole tensor.
struct EntryPlace {
    Extents position;
    Index global = 0;  ///< row-major index
};

/// GlobalIndex with the position as well.
struct EntryLocator {
    Box box;
    Extents block_shape;
    Extents shape;

    KOKKOS_INLINE_FUNCTION EntryPlace operator()(Index local) const {
        EntryPlace place{row_major_position(local, block_shape), 0};
        for (int mode = 0; mode < shape.order(); ++mode) {
            place.position[mode] += box.begin[mode];
        }
        place.global = row_major_offset(place.position, shape);
        return place;
    }
};

/// Runs `body(value, place)` for every entry of this rank's block and stores what it returns.
/// `body` must be callable in kernels. Waits for the kernel.
template <typename T, typename Body>
void transform_entries(const std::string& name, const DenseTensor<T>& tensor, const Body& body) {
    const EntryLocator locate{tensor.box(), tensor.block_shape(), tensor.shape()};
    const DeviceView<T> block = tensor.block();
    using Policy = Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>;
    Kokkos::parallel_for(
        "tessera::" + name, Policy(0, tensor.box().size()), KOKKOS_LAMBDA(Index i) {
            block(i) = static_cast<T>(body(static_cast<double>(block(i)), locate(i)));
        });
    Kokkos::fence("tessera::" + name);
}

/// Position in the mode of the bands, 0 where there is none.
KOKKOS_INLINE_FUNCTION Index band_of(const EntryPlace& place, int band_mode) {
    return band_mode < 0 ? 0 : place.position[band_mode];
}

/// A small table for kernels to read.
template <typename T>
[[nodiscard]] DeviceView<T> to_device(const std::string& label, const std::vector<T>& values) {
    DeviceView<T> view = allocate<T>(label, static_cast<Index>(values.size()));
    const HostView<const T> host(values.data(), values.size());
    Kokkos::deep_copy(
        view,
        Kokkos::View<const T*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>(host));
    return view;
}

/// "[3, 0, 17]", the position of a global row-major index.
[[nodiscard]] std::string describe_position(Index global, const Extents& shape);

}  // namespace tessera
