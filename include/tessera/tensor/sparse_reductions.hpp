#pragma once

#include <vector>

#include "tessera/tensor/reductions.hpp"
#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

/// Statistics of the listed entries, accumulated in float64. Collective, as are all below.
template <typename T>
[[nodiscard]] Summary summary(const SparseTensor<T>& tensor);
/// Sum of squares of the listed entries, and its root: the Frobenius norm when entries that are not
/// listed are zeros.
template <typename T>
[[nodiscard]] double squared_norm(const SparseTensor<T>& tensor);
template <typename T>
[[nodiscard]] double norm(const SparseTensor<T>& tensor);

/// Number of entries in each slice of a mode, for the slices of this rank's box; ranks that share
/// slices get the same counts. Host memory.
template <typename T>
[[nodiscard]] std::vector<Index> slice_entry_counts(const SparseTensor<T>& tensor, int mode);
/// Number of slices without any entry, for each mode.
template <typename T>
[[nodiscard]] Extents empty_slices(const SparseTensor<T>& tensor);

}  // namespace tessera
