#include <gtest/gtest.h>

#include <cmath>

#include "goldens.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/random.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/problem/noise_estimate.hpp"

namespace tessera {
namespace {

Matrix gram_of(const Matrix& y) {
    Matrix gram(y.columns, y.columns);
    for (Index j = 0; j < y.columns; ++j) {
        for (Index i = 0; i < y.columns; ++i) {
            for (Index p = 0; p < y.rows; ++p) {
                gram(i, j) += y(p, i) * y(p, j);
            }
        }
    }
    return gram;
}

/// The pixels of make_goldens.py.
Matrix golden_pixels() {
    Matrix y(400, 12);
    for (Index p = 0; p < 400; ++p) {
        for (Index b = 0; b < 12; ++b) {
            const auto pixel = static_cast<double>(p);
            const auto band = static_cast<double>(b);
            for (int k = 1; k <= 4; ++k) {
                y(p, b) += std::abs(std::sin((pixel + 1) * (k * 1.37))) *
                           (0.5 + 0.4 * std::cos(k * (band * 0.35)));
            }
            const double hashed = std::sin(pixel * 12.9898 + band * 78.233) * 43758.5453;
            y(p, b) +=
                (0.01 + 0.002 * band) * std::sqrt(12.0) * (hashed - std::floor(hashed) - 0.5);
        }
    }
    return y;
}

/// Rank `rank` of strength `strength` plus normal noise of that sigma per column.
Matrix low_rank_plus_noise(Index rows, Index columns, Index rank, double strength,
                           const std::vector<double>& sigma, std::uint64_t seed) {
    const Random left(seed, 0);
    const Random right(seed, 1);
    const Random noise(seed, 2);
    Matrix y(rows, columns);
    for (Index j = 0; j < columns; ++j) {
        for (Index i = 0; i < rows; ++i) {
            for (Index k = 0; k < rank; ++k) {
                y(i, j) += strength * left.normal(i * rank + k) * right.normal(j * rank + k);
            }
            y(i, j) +=
                sigma[static_cast<std::size_t>(j) % sigma.size()] * noise.normal(i * columns + j);
        }
    }
    return y;
}

TEST(NoiseEstimateOneRank, RegressionAgreesWithLeastSquaresBandByBand) {
    // The hash in the pixels magnifies rounding (a fused multiply-add or not) to 1e-9 of each
    // entry.
    const BandNoise noise = estimate_band_noise(gram_of(golden_pixels()), 400);
    for (Index band = 0; band < 12; ++band) {
        const auto at = static_cast<std::size_t>(band);
        EXPECT_NEAR(noise.sigma[at], goldens::regression_sigma[at], 1e-9) << band;
        EXPECT_NEAR(noise.signal_gram(band, band), goldens::regression_signal_gram_diagonal[at],
                    2e-7);
        EXPECT_NEAR(noise.signal_gram(0, band), goldens::regression_signal_gram_first_row[at],
                    2e-7);
    }
}

TEST(NoiseEstimateOneRank, SubspaceSizeAgreesWithTheAuthorsAlgorithm) {
    const Matrix gram = gram_of(golden_pixels());
    EXPECT_EQ(static_cast<double>(hysime_subspace_size(gram, 400, estimate_band_noise(gram, 400))),
              goldens::hysime_size);
}

TEST(NoiseEstimateOneRank, FindsWhatTheLawSaysPerBandAndTheRank) {
    const std::vector<double> sigma = {0.05, 0.1, 0.2};
    constexpr std::uint64_t seed = 3;
    const Matrix gram = gram_of(low_rank_plus_noise(4000, 60, 5, 1.0, sigma, seed));
    const BandNoise noise = estimate_band_noise(gram, 4000);

    // The covariance of a pixel is S = V V^T + diag(sigma^2). What the other bands leave
    // unexplained of band b is 1 / (S^-1)_bb: its noise, and a little of its signal, which they see
    // with noise.
    const Random right(seed, 1);
    Matrix covariance(60, 60);
    for (Index j = 0; j < 60; ++j) {
        for (Index i = 0; i < 60; ++i) {
            for (Index k = 0; k < 5; ++k) {
                covariance(i, j) += right.normal(i * 5 + k) * right.normal(j * 5 + k);
            }
        }
        covariance(j, j) += std::pow(sigma[static_cast<std::size_t>(j) % 3], 2);
    }
    const SymmetricEigen eigen = symmetric_eigen(covariance);
    for (Index band = 0; band < 60; ++band) {
        double precision = 0.0;
        for (Index k = 0; k < 60; ++k) {
            precision +=
                std::pow(eigen.vectors(band, k), 2) / eigen.values[static_cast<std::size_t>(k)];
        }
        // Five standard errors of a deviation from 4000 samples.
        const double expected = 1.0 / std::sqrt(precision);
        const auto at = static_cast<std::size_t>(band);
        EXPECT_NEAR(noise.sigma[at], expected, 5.0 / std::sqrt(8000.0) * expected) << band;
        EXPECT_GT(expected, sigma[at % 3]);
        EXPECT_LT(expected, 1.4 * sigma[at % 3]);
    }
    EXPECT_EQ(hysime_subspace_size(gram, 4000, noise), 5);
}

TEST(NoiseEstimateOneRank, DeadAndDependentBands) {
    Matrix y = low_rank_plus_noise(500, 8, 2, 1.0, {0.0}, 4);
    for (Index p = 0; p < 500; ++p) {
        y(p, 3) = 0.0;
    }
    const BandNoise noise = estimate_band_noise(gram_of(y), 500);
    EXPECT_EQ(noise.sigma[3], 0.0);
    for (const double sigma : noise.sigma) {
        EXPECT_LT(sigma, 1e-5);
    }
    EXPECT_THROW((void)estimate_band_noise(gram_of(y), 7), UsageError);
}

TEST(NoiseEstimateOneRank, MarchenkoPasturMedian) {
    for (std::size_t i = 0; i < goldens::marchenko_pastur_betas.size(); ++i) {
        EXPECT_NEAR(marchenko_pastur_median(goldens::marchenko_pastur_betas[i]),
                    goldens::marchenko_pastur_medians[i], 1e-9);
    }
    EXPECT_NEAR(marchenko_pastur_median(1e-12), 1.0, 1e-3);
}

TEST(NoiseEstimateOneRank, PublishedThresholds) {
    EXPECT_NEAR(optimal_hard_threshold(1.0), 4.0 / std::sqrt(3.0), 1e-14);
    // Table I of Gavish and Donoho 2014: 2.858 at beta = 1, and 1.5194, 1.8371, 2.1711 (table IV).
    EXPECT_NEAR(optimal_hard_threshold_unknown_noise(1.0), 2.858, 5e-4);
    EXPECT_NEAR(optimal_hard_threshold_unknown_noise(0.05), 1.5194, 1e-4);
    EXPECT_NEAR(optimal_hard_threshold_unknown_noise(0.25), 1.8371, 1e-3);
    EXPECT_NEAR(optimal_hard_threshold_unknown_noise(0.5), 2.1711, 1e-3);
}

TEST(NoiseEstimateOneRank, SigmaFromTheMedianSingularValue) {
    const Matrix y = low_rank_plus_noise(240, 80, 3, 2.0, {0.3}, 5);
    const std::vector<double> values = dense_singular_values(y);
    // Fluctuations of the median are O(1 / n); three of 80 values are signal and shift it by as
    // many ranks: below 2 %.
    EXPECT_NEAR(estimate_sigma(values, 240, 80), 0.3, 0.006);
    EXPECT_NEAR(estimate_sigma(values, 80, 240), 0.3, 0.006);
}

TEST(NoiseEstimateOneRank, ShrinkageFollowsItsFormulaAndInvertsTheBias) {
    // A signal of size x in units of sqrt(n) sigma is seen at y(x) = sqrt((x + 1/x)(x + beta/x)),
    // and the best multiple of the pair is x c c' (Gavish and Donoho 2017, eq. 1.4 to 1.6).
    const double unit = std::sqrt(400.0) * 0.5;
    for (const double x : {1.1, 1.5, 3.0, 20.0}) {
        const double beta = 0.25;
        const double y = std::sqrt((x + 1.0 / x) * (x + beta / x));
        const double fourth = x * x * x * x;
        const double left = std::sqrt((fourth - beta) / (fourth + beta * x * x));
        const double right = std::sqrt((fourth - beta) / (fourth + x * x));
        const double shrunk = shrink_singular_values({y * unit}, 100, 400, 0.5)[0];
        EXPECT_NEAR(shrunk / unit, x * left * right, 1e-12) << x;
    }
    EXPECT_EQ(shrink_singular_values({1.49 * unit}, 100, 400, 0.5)[0], 0.0);
    EXPECT_EQ(shrink_singular_values({2.0}, 100, 400, 0.0)[0], 2.0);
}

TEST(NoiseEstimateOneRank, ShrinkageBeatsEveryTruncation) {
    const Matrix clean = low_rank_plus_noise(200, 100, 6, 0.12, {0.0}, 9);
    const Matrix noisy = low_rank_plus_noise(200, 100, 6, 0.12, {0.5}, 9);
    const DenseSvd svd = dense_svd(noisy);
    const auto error = [&](const std::vector<double>& values) {
        double sum = 0.0;
        for (Index j = 0; j < 100; ++j) {
            for (Index i = 0; i < 200; ++i) {
                double entry = 0.0;
                for (Index k = 0; k < 100; ++k) {
                    entry += svd.u(i, k) * values[static_cast<std::size_t>(k)] * svd.v(j, k);
                }
                sum += std::pow(entry - clean(i, j), 2);
            }
        }
        return sum;
    };
    const double sigma = estimate_sigma(svd.singular_values, 200, 100);
    const double shrunk = error(shrink_singular_values(svd.singular_values, 200, 100, sigma));
    for (std::size_t rank = 0; rank <= 12; ++rank) {
        std::vector<double> truncated = svd.singular_values;
        std::fill(truncated.begin() + static_cast<std::ptrdiff_t>(rank), truncated.end(), 0.0);
        EXPECT_LT(shrunk, error(truncated)) << rank;
    }
}

}  // namespace
}  // namespace tessera
