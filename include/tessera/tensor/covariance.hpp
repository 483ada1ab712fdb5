#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

// One mode of a tensor counts samples; the positions of the other modes, in row-major order, are
// features.

/// A tensor's features: its shape without the mode of the samples.
[[nodiscard]] Extents feature_shape(const Extents& shape, int sample_mode);

/// The mean of each feature over the samples, on every rank (collective).
template <typename T>
[[nodiscard]] std::vector<double> sample_mean(const DenseTensor<T>& samples, int sample_mode);

/// The features' sample covariance, sum over s of (x_si - mean_i) (x_sj - mean_j) / (samples - 1),
/// on a partition of the feature modes followed by the same modes again (collective). Every rank
/// makes its own block, in float64, from the features of its rows and columns, which it fetches
/// some samples at a time. Throws UsageError for fewer than two samples, MemoryError on all ranks.
template <typename T>
[[nodiscard]] DenseTensor<T> sample_covariance(const DenseTensor<T>& samples, int sample_mode,
                                               const std::vector<double>& mean,
                                               const Partition& target);

/// Bytes that `sample_covariance` holds at most besides its result, for a block of `row_features` x
/// `column_features`.
[[nodiscard]] double covariance_scratch_bytes(Index samples, Index row_features,
                                              Index column_features, std::size_t scalar_bytes);

/// Each sample without the mean times each column of `basis` (features x k): samples x k, on every
/// rank (collective).
template <typename T>
[[nodiscard]] Matrix project_samples(const DenseTensor<T>& samples, int sample_mode,
                                     const std::vector<double>& mean, const Matrix& basis);

}  // namespace tessera
