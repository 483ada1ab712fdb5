// Diagnostics of chains whose autocorrelations and disagreements are known exactly.

#include <gtest/gtest.h>

#include <boost/math/special_functions/erf.hpp>
#include <numbers>

#include "distribution_checks.hpp"
#include "tessera/sampling/convergence.hpp"

namespace tessera {
namespace {

/// Stationary x_t = correlation x_{t-1} + noise, of variance one.
Chains autoregressive(int chains, int draws, double correlation, unsigned seed) {
    Chains result;
    for (int c = 0; c < chains; ++c) {
        RandomSequence random(seed, 0, c, 0);
        std::vector<double> chain{random.normal()};
        for (int i = 1; i < draws; ++i) {
            chain.push_back(correlation * chain.back() +
                            std::sqrt(1.0 - correlation * correlation) * random.normal());
        }
        result.push_back(chain);
    }
    return result;
}

/// Sum over all lags of the autocorrelation of the indicator x <= q of an autoregressive chain. The
/// probability that two normal numbers of correlation r are both below q has the derivative
/// exp(-q^2 / (1 + r)) / (2 pi sqrt(1 - r^2)) by r; with r = sin a that is smooth in a.
double indicator_autocorrelation_time(double correlation, double part) {
    const double q = -std::numbers::sqrt2 * boost::math::erfc_inv(2.0 * part);
    double sum = 1.0;
    for (double r = correlation; std::abs(r) > 1e-10; r *= correlation) {
        constexpr int cells = 200;
        const double end = std::asin(r);
        double integral = 0.0;
        for (int i = 0; i < cells; ++i) {
            const double angle = end * (i + 0.5) / cells;
            integral += std::exp(-q * q / (1.0 + std::sin(angle))) * end / cells;
        }
        sum += 2.0 * integral / (2.0 * std::numbers::pi) / (part * (1.0 - part));
    }
    return sum;
}

TEST(EffectiveSizeOneRank, MatchesAutoregressiveChains) {
    for (const double correlation : {0.0, 0.3, 0.9, 0.97, -0.4}) {
        const Chains chains = autoregressive(4, 20'000, correlation, 3);
        const double expected = 80'000.0 * (1.0 - correlation) / (1.0 + correlation);
        // Geyer's estimate of the sum over about 5 t lags has a relative error of some
        // sqrt(20 t / S); the largest time here is 66.
        const double error = 3.0 * std::sqrt(20.0 * std::max(1.0, 80'000.0 / expected) / 80'000.0);
        EXPECT_NEAR(effective_size(chains) / expected, 1.0, error) << correlation;
        // Normal numbers are their own normal scores.
        EXPECT_NEAR(bulk_effective_size(chains) / expected, 1.0, error) << correlation;
        if (correlation >= 0.0) {
            const double tail = 80'000.0 / indicator_autocorrelation_time(correlation, 0.05);
            EXPECT_NEAR(tail_effective_size(chains) / tail, 1.0, 1.5 * error) << correlation;
        }
        EXPECT_NEAR(mean_standard_error(chains) * std::sqrt(expected), 1.0, 0.5 * error + 0.02);
        EXPECT_LT(split_r_hat(chains), 1.01);
    }
}

TEST(EffectiveSizeOneRank, RanksDoNotSeeAMonotoneMap) {
    const Chains chains = autoregressive(2, 1000, 0.5, 4);
    Chains cubes = chains;
    for (auto& chain : cubes) {
        for (double& draw : chain) {
            draw = std::exp(3.0 * draw);
        }
    }
    EXPECT_EQ(bulk_effective_size(cubes), bulk_effective_size(chains));
    EXPECT_LT(effective_size(chains) / effective_size(cubes), 1.0);
}

TEST(SplitRHatOneRank, IsThatOfShiftedChains) {
    // Of two chains at a distance of 2 h standard deviations the scores are those of a mixture; for
    // small h their R-hat is sqrt(1 + B / W) with B = h^2 4/3 over four halves.
    Chains chains = autoregressive(2, 100'000, 0.0, 5);
    constexpr double half = 0.2;
    for (double& draw : chains[0]) {
        draw += half;
    }
    for (double& draw : chains[1]) {
        draw -= half;
    }
    EXPECT_NEAR(split_r_hat(chains), std::sqrt(1.0 + half * half * 4.0 / 3.0), 0.004);
}

TEST(SplitRHatOneRank, SeesDifferentSpreadsAndDrifts) {
    Chains spread = autoregressive(4, 2000, 0.0, 6);
    for (double& draw : spread[0]) {
        draw *= 3.0;
    }
    EXPECT_GT(split_r_hat(spread), 1.1);  // only the distances from the median tell
    Chains drift = autoregressive(1, 2000, 0.0, 7);
    for (std::size_t i = 0; i < drift[0].size(); ++i) {
        drift[0][i] += 1e-3 * static_cast<double>(i);
    }
    EXPECT_GT(split_r_hat(drift), 1.1);  // only the halves tell
}

TEST(EffectiveSizeOneRank, FollowsItsDefinition) {
    // Eight draws of one chain, halves (1 3 2 4) and (6 5 8 7), by hand. Means 2.5 and 6.5, W =
    // 5/3, var+ = 3/4 W + 8 = 37/4. Autocovariances with the divisor 4: lag 1: -7/16 and -7/16; lag
    // 2: 1/8 and 1/8 (deviations -1.5 .5 -.5 1.5 and -.5 -1.5 1.5 .5).
    const double w = 5.0 / 3.0;
    const double total = 37.0 / 4.0;
    const double lag_1 =
        (-1.5 * 0.5 - 0.5 * 0.5 - 0.5 * 1.5 + 0.5 * 1.5 - 1.5 * 1.5 + 1.5 * 0.5) / 8.0;
    const double lag_2 = (1.5 * 0.5 + 0.5 * 1.5 - 0.5 * 1.5 - 1.5 * 0.5) / 8.0;
    const double lag_3 = (-1.5 * 1.5 - 0.5 * 0.5) / 8.0;
    const auto correlation = [&](double covariance) { return 1.0 - (w - covariance) / total; };
    const double first = 1.0 + correlation(lag_1);
    const double second = std::min(first, correlation(lag_2) + correlation(lag_3));
    EXPECT_NEAR(effective_size({{1, 3, 2, 4, 6, 5, 8, 7}}), 8.0 / (-1.0 + 2.0 * (first + second)),
                1e-12);
}

TEST(ConvergenceOneRank, SaysNothingOfWhatCannotBeJudged) {
    EXPECT_TRUE(std::isnan(split_r_hat({{1.0, 1.0, 1.0, 1.0, 1.0}})));
    EXPECT_TRUE(std::isnan(bulk_effective_size({{1.0, 2.0, 3.0}})));
    EXPECT_TRUE(std::isnan(tail_effective_size({{1.0, 2.0, 3.0, std::nan(""), 4.0}})));
    EXPECT_TRUE(std::isnan(effective_size({})));
}

}  // namespace
}  // namespace tessera
