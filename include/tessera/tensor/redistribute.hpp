#pragma once

#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// The same tensor on another grid (collective). Shares the block when the partitions are equal.
template <typename T>
[[nodiscard]] DenseTensor<T> redistribute(const DenseTensor<T>& tensor, const Partition& target);

/// Entries of a small box, row-major in host memory, on rank `root`; empty on the others
/// (collective). For pictures: never for a whole tensor.
template <typename T>
[[nodiscard]] HostView<T> gather_box(const DenseTensor<T>& tensor, const Box& box, int root = 0);

/// This rank's block widened by `width[mode]` entries on both sides, cut at the tensor's border
/// (collective). Blocks may be thinner than the halo.
template <typename T>
struct HaloBlock {
    Box box;
    DeviceView<T> values;  ///< row-major in `box`
};
template <typename T>
[[nodiscard]] HaloBlock<T> with_halo(const DenseTensor<T>& tensor, const Extents& width);

}  // namespace tessera
