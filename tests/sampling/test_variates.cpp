// Draws against the exact distribution functions, by Kolmogorov and Smirnov's test.

#include <gtest/gtest.h>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <numbers>

#include "distribution_checks.hpp"
#include "tessera/sampling/variates.hpp"

namespace tessera {
namespace {

constexpr int count = 20'000;

TEST(GammaVariateOneRank, HasItsDistribution) {
    unsigned seed = 1;
    for (const double shape : {0.02, 0.5, 1.0, 1.7, 30.0}) {
        const auto values = test::independent_draws(
            count, seed++, [&](RandomSequence& random) { return gamma_variate(random, shape); });
        EXPECT_LT(
            test::kolmogorov_smirnov(
                values, [&](double x) { return boost::math::gamma_p(shape, std::max(x, 0.0)); }),
            test::smirnov_limit)
            << "shape " << shape;
    }
}

TEST(GammaVariateOneRank, LargeShapesKeepTheirDistribution) {
    unsigned seed = 10;
    for (const double shape : {1e4, 1e9, 1e14}) {
        // Standardised, with the density of log(x / shape).
        const double deviation = 1.0 / std::sqrt(shape);
        const auto values = test::independent_draws(count, seed++, [&](RandomSequence& random) {
            return std::log(gamma_variate(random, shape) / shape) / deviation;
        });
        const auto log_density = [&](double u) {
            return shape * (deviation * u - std::expm1(deviation * u));
        };
        EXPECT_LT(
            test::kolmogorov_smirnov(values, test::TabulatedDistribution(log_density, -12.0, 12.0)),
            test::smirnov_limit)
            << "shape " << shape;
    }
}

TEST(BetaVariateOneRank, HasItsDistribution) {
    unsigned seed = 20;
    for (const auto& [a, b] : {std::pair{0.2, 0.3}, {0.5, 0.5}, {2.0, 7.0}, {1e6, 3e5}}) {
        const double first = a;
        const double second = b;
        const auto values = test::independent_draws(count, seed++, [&](RandomSequence& random) {
            return beta_variate(random, first, second);
        });
        EXPECT_LT(test::kolmogorov_smirnov(
                      values, [&](double x) { return boost::math::ibeta(first, second, x); }),
                  test::smirnov_limit)
            << "a " << a << ", b " << b;
    }
}

TEST(InverseGammaVariateOneRank, HasItsDistribution) {
    const auto values = test::independent_draws(
        count, 30, [](RandomSequence& random) { return inverse_gamma_variate(random, 3.0, 5.0); });
    EXPECT_LT(test::kolmogorov_smirnov(values,
                                       [](double x) { return boost::math::gamma_q(3.0, 5.0 / x); }),
              test::smirnov_limit);
}

TEST(VonMisesVariateOneRank, HasItsDistribution) {
    unsigned seed = 40;
    for (const double concentration : {0.0, 1e-9, 0.3, 2.0, 50.0, 1e6, 1e12}) {
        const auto values = test::independent_draws(count, seed++, [&](RandomSequence& random) {
            return von_mises_variate(random, concentration);
        });
        // k (cos t - 1) = -2 k sin^2(t/2); twelve standard deviations hold everything.
        const double end = std::min(std::numbers::pi, 12.0 / std::sqrt(concentration + 1e-300));
        const test::TabulatedDistribution exact(
            [&](double angle) {
                const double half = std::sin(0.5 * angle);
                return -2.0 * concentration * half * half;
            },
            -end, end);
        EXPECT_LT(test::kolmogorov_smirnov(values, exact), test::smirnov_limit)
            << "concentration " << concentration;
    }
}

TEST(VonMisesFisherAngleOneRank, HasItsDistribution) {
    unsigned seed = 60;
    for (const Index dimension : {2, 3, 4, 50, 10'000}) {
        for (const double concentration : {0.0, 0.5, 30.0, 1e5, 1e12}) {
            const auto degrees = static_cast<double>(dimension - 1);
            const auto values = test::independent_draws(count, seed++, [&](RandomSequence& random) {
                const SphereAngle angle = von_mises_fisher_angle(random, dimension, concentration);
                return std::atan2(angle.sine, angle.cosine);
            });
            // Density of the angle: exp(k cos t) sin^(D - 2) t.
            const auto log_density = [&](double angle) {
                const double half = std::sin(0.5 * angle);
                return -2.0 * concentration * half * half +
                       (degrees > 1.0 ? (degrees - 1.0) * std::log(std::sin(angle) + 1e-300) : 0.0);
            };
            const auto [low, high] = std::minmax_element(values.begin(), values.end());
            const double margin = *high - *low;
            const test::TabulatedDistribution exact(log_density, std::max(0.0, *low - margin),
                                                    std::min(std::numbers::pi, *high + margin));
            EXPECT_LT(test::kolmogorov_smirnov(values, exact), test::smirnov_limit)
                << "dimension " << dimension << ", concentration " << concentration;
        }
    }
}

TEST(VonMisesFisherAngleOneRank, OneDimensionIsASign) {
    const auto values = test::independent_draws(count, 90, [](RandomSequence& random) {
        return von_mises_fisher_angle(random, 1, 0.7).cosine;
    });
    // Mean of the sign: tanh(0.7).
    const test::MeanAndError along = test::mean_and_error(values);
    EXPECT_NEAR(along.mean, std::tanh(0.7), 4.0 * along.error);
}

TEST(PowerGaussianVariateOneRank, HasItsDistribution) {
    struct Case {
        double power;
        double precision;
        double slope;
    };
    unsigned seed = 100;
    for (const Case& c : {Case{5.5, 2.0, -3.0}, Case{1.5, 3.0, 4.0}, Case{900.0, 40.0, -120.0},
                          Case{40.0, 500.0, 900.0}, Case{3.0, 0.0, -2.0}, Case{2.0, 1e-6, -1e3},
                          Case{1e9, 4e9, -1e9}, Case{1e9, 1e3, 1e6}, Case{1e9, 4e9, 3e10},
                          Case{1.05, 1.0, -40.0}}) {
        const auto values = test::independent_draws(count, seed++, [&](RandomSequence& random) {
            return power_gaussian_variate(random, c.power, c.precision, c.slope);
        });
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        const double margin = *high - *low;
        const double middle = 0.5 * (*low + *high);
        // In u = log(x / middle), where the density has a factor x more; relative to the middle.
        const auto log_density = [&](double u) {
            const double gap = middle * std::expm1(u);
            return c.power * u + gap * (c.slope - c.precision * (middle + 0.5 * gap));
        };
        const test::TabulatedDistribution exact(
            log_density,
            *low > margin ? std::log((*low - margin) / middle) : std::log(*low / middle) - 30.0,
            std::log((*high + margin) / middle));
        EXPECT_LT(
            test::kolmogorov_smirnov(values, [&](double x) { return exact(std::log(x / middle)); }),
            test::smirnov_limit)
            << "power " << c.power << ", precision " << c.precision << ", slope " << c.slope;
    }
}

}  // namespace
}  // namespace tessera
