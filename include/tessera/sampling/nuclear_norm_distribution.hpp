#pragma once

#include <vector>

#include "tessera/base/types.hpp"

/// The nuclear norm distribution, density exp(-lambda ||X||_*) / C on rows x columns matrices
/// (arXiv 2510.05447): U diag(s) V^T with uniform U and V, independent of s.
namespace tessera {

/// P(||X||_* <= x): the norm has the gamma law of shape rows x columns and rate lambda.
[[nodiscard]] double nuclear_norm_probability(Index rows, Index columns, double lambda, double x);

/// Logarithm of the density of the singular values at s_1 > ... > s_n > 0, n the short side. Costs
/// what log_nuclear_norm_constant does.
[[nodiscard]] double log_singular_value_density(Index rows, Index columns, double lambda,
                                                const std::vector<double>& singular_values);

/// Maximum-likelihood fit of lambda to independent matrices, which need not have one shape.
struct PenaltyFit {
    double lambda;
    double standard_error;  ///< asymptotic: lambda over the root of the number of entries
};
/// `entries` and `nuclear_norm` are sums over the matrices. Throws UsageError where the norm is not
/// above zero.
[[nodiscard]] PenaltyFit fit_penalty(double entries, double nuclear_norm);

/// P(s / n <= x) of one singular value of a large n x n matrix with lambda = 1: the law with
/// density (2 / pi^2) arccosh(pi / x) on (0, pi). At n = 50 the distance to it is 0.008 (measured).
[[nodiscard]] double limiting_singular_value_probability(double x);

/// The variance of the entries of A (n x inner) and of B (inner x m), all independent normal, n the
/// short side and m the long one, with which the normal product A B has the mean norm nm / lambda
/// of the nuclear norm distribution: as the sizes grow at fixed ratios; at finite ones the norm is
/// short by 1/(6 n) to 1/(4 n) of itself. 4 / (3 lambda) for square matrices with inner = n. For
/// the law itself to be close, `inner` must be the long side (src/sampling/README.md has the
/// figures). Throws UsageError where inner < n.
///
/// Derivation: s^2 / (inner m) follows the free product of two Marchenko-Pastur laws of ratios
/// a = n/inner and b = n/m, whose S-transform is 1 / ((1 + a z)(1 + b z)). With
/// pi sqrt(x) = integral of v^(-1/2) x / (1 + v x) over v > 0, the mean of sqrt(x) is 2/pi times
/// the integral of sqrt((1 - w)(1 - a w)(1 - b w) / w) over 0 < w < 1.
[[nodiscard]] double normal_product_variance(Index rows, Index columns, Index inner, double lambda);

}  // namespace tessera
