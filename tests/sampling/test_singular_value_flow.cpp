// Moves of the singular values against exact laws, and from states of density zero.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "distribution_checks.hpp"
#include "tessera/sampling/convergence.hpp"
#include "tessera/sampling/singular_value_flow.hpp"
#include "tessera/sampling/variates.hpp"

namespace tessera {
namespace {

TEST(SingularValueFlowOneRank, LeavesTheLawOfOneValueAsItIs) {
    // |s|^a exp(-lambda |s| - (s - t)^2 / 2): on s > 0 and s < 0 power-Gaussian laws, drawn
    // exactly; their weights by the trapezoidal rule.
    constexpr double lambda = 0.7;
    constexpr double t = 0.4;
    for (const int excess : {1, 4}) {
        for (const double length : {0.0, 1.5}) {
            const auto log_density = [excess](double s) {
                return excess * std::log(std::abs(s) + 1e-300) - lambda * std::abs(s) -
                       0.5 * (s - t) * (s - t);
            };
            const test::TabulatedDistribution exact(log_density, -10.0, 10.0);
            const double negative = exact(0.0);
            SingularValueFlow flow(1, 1 + excess, length);
            const auto values = test::independent_draws(20'000, 1, [&](RandomSequence& random) {
                const double sign = random.uniform() < negative ? -1.0 : 1.0;
                std::vector<double> s{
                    sign * power_gaussian_variate(random, excess + 1.0, 1.0, sign * t - lambda)};
                for (int i = 0; i < 3; ++i) {
                    flow.advance(s, {t}, lambda, random, false);
                }
                return s[0];
            });
            EXPECT_LT(test::kolmogorov_smirnov(values, exact), test::smirnov_limit)
                << "excess " << excess << ", length " << length;
        }
    }
}

TEST(SingularValueFlowOneRank, LeavesRepeatedAndZeroValues) {
    // From a state of density zero to the stationary law of the sum of squares, whose mean follows
    // from the divergence theorem: E[s.(t - s) - lambda sum |s| + n + (m - n) n + n (n - 1)] = 0.
    constexpr double lambda = 1.3;
    for (const double start : {0.0, 3.0, 3.0 + 1e-13}) {
        for (const double length : {0.0, 1.5}) {
            constexpr Index n = 5;
            constexpr Index m = 7;
            const std::vector<double> target{3.0, 3.0, 3.0, 0.0, 0.0};
            SingularValueFlow flow(n, m, length);
            RandomSequence random(2, 0, 0, 0);
            std::vector<double> s(n, start);
            s[0] = std::min(start, 3.0);  // nearly equal in the third case
            Chains identity(1);
            int moved = 0;
            for (int i = 0; i < 24'000; ++i) {
                const std::vector<double> before = s;
                flow.advance(s, target, lambda, random, i < 2000);
                moved += s != before ? 1 : 0;
                if (i >= 2000) {
                    double sum = n + (m - n) * n + n * (n - 1);
                    for (std::size_t k = 0; k < s.size(); ++k) {
                        sum += s[k] * (target[k] - s[k]) - lambda * std::abs(s[k]);
                    }
                    identity[0].push_back(sum);
                }
            }
            EXPECT_GT(moved, 8000) << "start " << start << ", length " << length;
            const double mean = test::mean_and_error(identity[0]).mean;
            EXPECT_NEAR(mean, 0.0, 4.0 * mean_standard_error(identity)) << "start " << start;
        }
    }
}

}  // namespace
}  // namespace tessera
