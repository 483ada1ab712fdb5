#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/tensor/dense_tensor.hpp"

/// Noise level and signal rank from the data alone. Everything here is small host algebra on Gram
/// matrices and singular values that are the same on all ranks.
namespace tessera {

/// Noise of each band, as what the other bands cannot predict linearly.
struct BandNoise {
    std::vector<double> sigma;  ///< standard deviation per band
    Matrix signal_gram;         ///< Gram matrix of the predicted (noise-free) part
};

/// Regression of every band on all others (Roger and Arnold 1996; HySime's noise estimate,
/// Bioucas-Dias and Nascimento 2008, Algorithm 1), from the bands x bands Gram matrix Y^T Y of
/// `samples` pixels. The residual sum of squares of band i is 1 / (G^-1)_ii, its degrees of freedom
/// samples - bands
/// + 1. A band that is zero has noise 0. Throws UsageError unless samples >= bands.
[[nodiscard]] BandNoise estimate_band_noise(const Matrix& gram, Index samples);

/// Dimension of the signal subspace by HySime (Bioucas-Dias and Nascimento 2008, eq. 19: directions
/// where the power of the data is more than twice that of the noise).
[[nodiscard]] Index hysime_subspace_size(const Matrix& gram, Index samples, const BandNoise& noise);

/// Median of the Marchenko-Pastur law of ratio 0 < beta <= 1 and unit variance.
[[nodiscard]] double marchenko_pastur_median(double beta);

/// Noise level of a rows x columns matrix from all its singular values: their median over that of
/// pure noise (Gavish and Donoho 2014, section III.E). Right when the rank is far below half.
[[nodiscard]] double estimate_sigma(const std::vector<double>& singular_values, Index rows,
                                    Index columns);

/// Optimal hard threshold for singular values in units of sqrt(longer side) sigma, lambda(beta)
/// (Gavish and Donoho 2014, eq. 11), with beta = shorter side / longer side.
[[nodiscard]] double optimal_hard_threshold(double beta);
/// The same in units of the median singular value, for unknown noise: omega(beta) = lambda(beta) /
/// sqrt(median of Marchenko-Pastur).
[[nodiscard]] double optimal_hard_threshold_unknown_noise(double beta);

/// Singular values shrunk so that the expected Frobenius error is least (Gavish and Donoho 2017,
/// eq. 1.10 and table 1): eta(y) = sqrt((y^2 - beta - 1)^2 - 4 beta) / y above 1 + sqrt(beta), else
/// 0, in units of sqrt(longer side) sigma.
[[nodiscard]] std::vector<double> shrink_singular_values(const std::vector<double>& singular_values,
                                                         Index rows, Index columns, double sigma);

}  // namespace tessera
