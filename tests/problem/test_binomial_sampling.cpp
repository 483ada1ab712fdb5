#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tessera/problem/binomial_sampling.hpp"

namespace tessera {
namespace {

double log_probability(double k, double n, double p) {
    return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0) +
           k * std::log(p) + (n - k) * std::log1p(-p);
}

TEST(BinomialSamplingOneRank, LogProbabilityAgreesWithLogGamma) {
    for (const double p : {0.1, 0.37, 0.9}) {
        for (const double n : {1.0, 7.0, 120.0, 5000.0}) {
            for (const double share : {0.0, 0.08, 0.4, 0.93, 1.0}) {
                const double k = std::round(share * n);
                EXPECT_NEAR(binomial_log_probability(k, n, p), log_probability(k, n, p),
                            1e-12 * (1.0 + std::lgamma(n + 1.0)))
                    << k << " of " << n << ", p " << p;
            }
        }
    }
}

/// Pearson's chi-square against the exact law, in standard deviations above its mean; rare counts
/// are pooled with their neighbours.
double excess_of_chi_square(double n, double p, Index samples) {
    const Random random(77, 3);
    std::vector<double> seen(static_cast<std::size_t>(n) + 1, 0.0);
    for (Index i = 0; i < samples; ++i) {
        seen.at(static_cast<std::size_t>(sample_binomial(random, i, n, p))) += 1.0;
    }
    double statistic = 0.0;
    double cells = 0.0;
    double pooled_expected = 0.0;
    double pooled_seen = 0.0;
    double expected_left = static_cast<double>(samples);
    for (std::size_t k = 0; k < seen.size(); ++k) {
        const double expected =
            static_cast<double>(samples) * std::exp(log_probability(static_cast<double>(k), n, p));
        pooled_expected += expected;
        pooled_seen += seen[k];
        expected_left -= expected;
        if ((pooled_expected > 20.0 && expected_left > 20.0) || k + 1 == seen.size()) {
            statistic += std::pow(pooled_seen - pooled_expected, 2) / pooled_expected;
            cells += 1.0;
            pooled_expected = 0.0;
            pooled_seen = 0.0;
        }
    }
    const double freedom = std::max(1.0, cells - 1.0);
    return (statistic - freedom) / std::sqrt(2.0 * freedom);
}

TEST(BinomialSamplingOneRank, FollowsTheLawOnBothSidesOfTheSwitch) {
    for (const double p : {0.1, 0.3, 0.5, 0.9}) {
        for (const double n : {1.0, 5.0, 60.0, 99.0, 100.0, 101.0, 900.0}) {
            // The seed is fixed; chance alone exceeds 5 in one of 10^5 or fewer.
            EXPECT_LT(excess_of_chi_square(n, p, 50000), 5.0) << n << " trials, p " << p;
        }
    }
}

TEST(BinomialSamplingOneRank, LargeNumbersKeepMeanAndVariance) {
    constexpr Index samples = 50000;
    for (const double n : {1e6, 1e10}) {
        const Random random(5, 1);
        double sum = 0.0;
        double square = 0.0;
        for (Index i = 0; i < samples; ++i) {
            const double z = (sample_binomial(random, i, n, 0.9) - 0.9 * n) / std::sqrt(0.09 * n);
            sum += z / samples;
            square += z * z / samples;
        }
        EXPECT_NEAR(sum, 0.0, 5.0 / std::sqrt(samples)) << n;
        EXPECT_NEAR(square, 1.0, 5.0 * std::sqrt(2.0 / samples)) << n;
    }
}

TEST(BinomialSamplingOneRank, NothingComesOfNothing) {
    EXPECT_EQ(sample_binomial(Random(1, 1), 0, 0.0, 0.9), 0.0);
}

}  // namespace
}  // namespace tessera
