#pragma once

#include <vector>

#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// Sets every entry (in parallel: the first touch of a fresh block). Not collective.
template <typename T>
void fill(const DenseTensor<T>& tensor, T value);

/// Copies entries between tensors of the same partition. Not collective.
template <typename T>
void copy(const DenseTensor<T>& source, const DenseTensor<T>& target);

/// Sum of squares, accumulated in float64. Collective, as are all below.
template <typename T>
[[nodiscard]] double squared_norm(const DenseTensor<T>& tensor);
/// Frobenius norm.
template <typename T>
[[nodiscard]] double norm(const DenseTensor<T>& tensor);
/// Sum of products of corresponding entries; both tensors have the same partition.
template <typename T>
[[nodiscard]] double inner_product(const DenseTensor<T>& a, const DenseTensor<T>& b);

/// Statistics of some entries, which must be finite; of no entries, the minimum is infinity and the
/// maximum minus infinity.
struct Summary {
    double minimum = 0.0;
    double maximum = 0.0;
    double sum = 0.0;
    double sum_of_squares = 0.0;
};
/// Statistics of all entries.
template <typename T>
[[nodiscard]] Summary summary(const DenseTensor<T>& tensor);
/// The same for every slice of one mode: `shape()[mode]` summaries, on every rank.
template <typename T>
[[nodiscard]] std::vector<Summary> slice_summaries(const DenseTensor<T>& tensor, int mode);

/// NaN and infinite entries: how many, and the global row-major index of the first (-1: none).
struct NonFinite {
    Index count = 0;
    Index first = -1;
};
template <typename T>
[[nodiscard]] NonFinite find_non_finite(const DenseTensor<T>& tensor);

/// Sum of squares that is the same to the last bit for any number of ranks and threads and any
/// grid: squares are rounded to a common fixed-point grid and added up as integers. Relative error
/// below 1e-12 for up to 2^40 entries; NaN when an entry is not finite. For values that feed into
/// the data themselves (a noise level from a signal-to-noise ratio).
template <typename T>
[[nodiscard]] double reproducible_squared_norm(const DenseTensor<T>& tensor);

}  // namespace tessera
