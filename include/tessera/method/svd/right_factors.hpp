#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"

namespace tessera {

/// The estimate of a matrix A from its right singular vectors V is A in out^T, where
/// in = S^-1 V diag(weights) and out = S V; S holds the noise levels of the columns when they were
/// whitened (empty: none).
struct RightFactors {
    Matrix in;   ///< columns x kept triplets
    Matrix out;  ///< columns x kept triplets
};
[[nodiscard]] RightFactors right_factors(const Matrix& vectors, const std::vector<double>& weights,
                                         const std::vector<double>& column_sigma);

}  // namespace tessera
