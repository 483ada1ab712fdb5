#pragma once

#include <vector>

#include "tessera/method/factor_networks/model_spectrum.hpp"

namespace tessera {

/// Norm of the values from each place on, and 0 behind the last one.
[[nodiscard]] std::vector<double> tails_of(const std::vector<double>& values);
/// The fewest leading parts behind which no more than a share of the whole is left.
[[nodiscard]] Index fewest_leading(const std::vector<double>& tails, double tolerance);
[[nodiscard]] double share_left(const std::vector<double>& tails, Index kept);

/// The singular values of A diag(w) B^T, which are those of R_A diag(w) R_B^T for A = Q_A R_A and
/// B = Q_B R_B. `triangles` are R_A and R_B; the one of both where they are the same.
[[nodiscard]] AnalysedModel singular_triplets(const std::vector<Matrix>& triangles,
                                              const std::vector<double>& weights, double tolerance);

/// The singular values of each unfolding of a Tucker model, which are those of its core times the
/// triangle of each factor, and its truncated higher-order SVD. The core is row-major.
[[nodiscard]] AnalysedModel unfolding_triplets(const std::vector<Matrix>& triangles,
                                               const std::vector<double>& core, double tolerance);

}  // namespace tessera
