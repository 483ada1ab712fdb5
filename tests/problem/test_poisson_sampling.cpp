#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tessera/problem/poisson_sampling.hpp"

namespace tessera {
namespace {

TEST(PoissonSamplingOneRank, LogProbabilityAgreesWithLogGamma) {
    for (const double mean : {0.3, 2.0, 10.0, 47.5, 1e3, 1e6}) {
        for (const double k : {0.0, 1.0, 2.0, 15.0, 16.0, 40.0, 900.0, 1100.0, 1e6, 1.003e6}) {
            const double expected = k * std::log(mean) - mean - std::lgamma(k + 1.0);
            // The reference itself loses digits where its terms cancel.
            const double size = k * std::abs(std::log(mean)) + mean + std::lgamma(k + 1.0);
            EXPECT_NEAR(poisson_log_probability(k, mean), expected, 1e-14 * size + 1e-13)
                << "k " << k << " mean " << mean;
        }
    }
}

/// Pearson's chi-square of samples against the exact law, in standard deviations above its mean.
/// Counts of a small expectation are pooled in the two tails.
double excess_of_chi_square(double mean, Index samples) {
    const Random random(2024, 5);
    std::map<Index, double> seen;
    for (Index i = 0; i < samples; ++i) {
        seen[static_cast<Index>(sample_poisson(random, i, mean))] += 1.0;
    }
    const auto low = static_cast<Index>(std::max(0.0, mean - 8.0 * std::sqrt(mean) - 5.0));
    const auto high = static_cast<Index>(mean + 8.0 * std::sqrt(mean) + 12.0);
    const auto total = static_cast<double>(samples);
    double statistic = 0.0;
    double cells = 0.0;
    double pooled_expected = 0.0;
    double pooled_seen = 0.0;
    double covered = 0.0;
    const auto close_cell = [&] {
        statistic += std::pow(pooled_seen - pooled_expected, 2) / pooled_expected;
        cells += 1.0;
        pooled_expected = 0.0;
        pooled_seen = 0.0;
    };
    for (Index k = low; k <= high; ++k) {
        const auto kk = static_cast<double>(k);
        const double p = std::exp(kk * std::log(mean) - mean - std::lgamma(kk + 1.0));
        pooled_expected += total * p;
        pooled_seen += seen.count(k) > 0 ? seen[k] : 0.0;
        covered += seen.count(k) > 0 ? seen[k] : 0.0;
        const bool rest_is_small = p * total < 20.0 && kk > mean;
        if (pooled_expected >= 20.0 && !rest_is_small) {
            close_cell();
        }
    }
    EXPECT_EQ(covered, total) << "samples beyond eight standard deviations";
    if (pooled_expected > 0.0) {
        close_cell();
    }
    const double freedom = cells - 1.0;
    return (statistic - freedom) / std::sqrt(2.0 * std::max(freedom, 1.0));
}

TEST(PoissonSamplingOneRank, FollowsTheLawOnBothSidesOfTheSwitch) {
    for (const double mean : {0.05, 0.7, 3.0, 9.99, 10.0, 12.5, 40.0, 300.0, 5000.0}) {
        // The seed is fixed; chance alone exceeds 5 in one of 10^5 or fewer.
        EXPECT_LT(excess_of_chi_square(mean, 200000), 5.0) << mean;
    }
}

TEST(PoissonSamplingOneRank, LargeMeansKeepMeanAndVariance) {
    constexpr Index samples = 100000;
    for (const double mean : {1e6, 1e9, 1e13}) {
        const Random random(99, 1);
        double sum = 0.0;
        double square = 0.0;
        for (Index i = 0; i < samples; ++i) {
            const double z = (sample_poisson(random, i, mean) - mean) / std::sqrt(mean);
            sum += z / samples;
            square += z * z / samples;
        }
        EXPECT_NEAR(sum, 0.0, 5.0 / std::sqrt(samples)) << mean;
        EXPECT_NEAR(square, 1.0, 5.0 * std::sqrt(2.0 / samples)) << mean;
    }
}

TEST(PoissonSamplingOneRank, NothingComesOfNothing) {
    const Random random(1, 1);
    for (Index i = 0; i < 100; ++i) {
        EXPECT_EQ(sample_poisson(random, i, 0.0), 0.0);
    }
}

}  // namespace
}  // namespace tessera
