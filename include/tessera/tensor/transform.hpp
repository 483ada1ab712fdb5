#pragma once

#include <vector>

#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// The tensor with its modes in another order, on the target's grid (collective): mode i of the
/// result is mode `mode_order[i]` of the tensor, as in NumPy's transpose. Brings modes that are to
/// be unfolded together side by side, or the band to the front for a file. Takes one more block for
/// a moment unless the blocks can stay where they are.
template <typename T>
[[nodiscard]] DenseTensor<T> permute(const DenseTensor<T>& tensor,
                                     const std::vector<int>& mode_order, const Partition& target);

/// The entries of one region as a tensor of their own, of the region's shape (collective).
template <typename T>
[[nodiscard]] DenseTensor<T> crop(const DenseTensor<T>& tensor, const Box& region,
                                  const Partition& target);

/// A shape with its modes in another order: entry i of the result is entry `mode_order[i]`.
[[nodiscard]] Extents permuted(const Extents& extents, const std::vector<int>& mode_order);

}  // namespace tessera
