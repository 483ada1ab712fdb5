// Draws of the scale parameters: against their densities, and whether they leave a posterior alone.

#include <gtest/gtest.h>

#include <boost/math/special_functions/gamma.hpp>
#include <numbers>

#include "distribution_checks.hpp"
#include "prior_draws.hpp"
#include "tessera/sampling/scale_updates.hpp"
#include "tessera/sampling/variates.hpp"

namespace tessera {
namespace {

using test_sampling::draw_from_prior;
using Kind = PenaltyPrior::Kind;

TEST(DrawPenaltyOneRank, HasItsDensity) {
    unsigned seed = 1;
    for (const PenaltyPrior& prior :
         {PenaltyPrior{.kind = Kind::half_cauchy, .scale = 1.0},
          PenaltyPrior{.kind = Kind::half_cauchy, .scale = 0.05}, PenaltyPrior{.kind = Kind::paper},
          PenaltyPrior{.kind = Kind::gamma, .shape = 0.4, .rate = 2.0}}) {
        for (const auto& [entries, norm] : {std::pair{2.0, 0.3}, {4.0, 9.0}, {1e6, 3e6}}) {
            const double d = entries;
            const double nuclear_norm = norm;
            const auto logs = test::independent_draws(20'000, seed++, [&](RandomSequence& random) {
                return std::log(draw_penalty(random, prior, d, nuclear_norm));
            });
            const auto [low, high] = std::minmax_element(logs.begin(), logs.end());
            const double margin = *high - *low;
            const test::TabulatedDistribution exact(
                [&](double u) {
                    return (d + 1.0) * u - std::exp(u) * nuclear_norm +
                           log_density(prior, std::exp(u));
                },
                *low - margin, *high + margin);
            EXPECT_LT(test::kolmogorov_smirnov(logs, exact), test::smirnov_limit)
                << "kind " << static_cast<int>(prior.kind) << ", entries " << d;
        }
    }
}

// One row of `entries` numbers: its nuclear norm is its length, gamma-distributed, and its
// direction is uniform, so that everything can be drawn exactly from the prior. Data drawn given
// the unknown and then an update must leave each marginal of the prior as it is.
struct State {
    double lambda;
    double rho;
    double scaled_norm;  ///< lambda ||Phi||, gamma-distributed with the shape `entries`
};

constexpr int entries = 5;
constexpr int observed = 3;
constexpr NoisePrior noise_prior{.shape = 3.0, .scale = 2.0};

State state_after_update(RandomSequence& random, const ScaleOptions& options) {
    const double lambda = draw_from_prior(random, options.penalty_prior);
    const double rho = draw_from_prior(random, noise_prior);
    std::vector<double> phi(entries);
    double squares = 0.0;
    for (double& value : phi) {
        value = random.normal();
        squares += value * value;
    }
    const double norm = gamma_variate(random, entries) / lambda;
    ScaleSums sums{.entries = entries, .observed = observed, .nuclear_norm = norm};
    for (int i = 0; i < observed; ++i) {
        const double value = phi[static_cast<std::size_t>(i)] * norm / std::sqrt(squares);
        const double residual = random.normal();
        sums.residual_squares += residual * residual;
        sums.residual_times_phi += residual * value;
        sums.phi_squares += value * value;
    }
    const Scales after = update_scales(random, options, sums, lambda, rho);
    return {after.lambda, after.rho, after.lambda * after.phi_factor * norm};
}

test::Distribution distribution(const PenaltyPrior& prior) {
    switch (prior.kind) {
        case Kind::half_cauchy:
            return [=](double x) { return 2.0 / std::numbers::pi * std::atan(x / prior.scale); };
        case Kind::paper:
            return [](double x) { return 2.0 / std::numbers::pi * std::atan(std::sqrt(x)); };
        case Kind::gamma:
            break;
    }
    return [=](double x) { return boost::math::gamma_p(prior.shape, prior.rate * x); };
}

TEST(UpdateScalesOneRank, LeavesThePosteriorAsItIs) {
    unsigned seed = 200;
    for (const PenaltyPrior& prior :
         {PenaltyPrior{.kind = Kind::half_cauchy, .scale = 2.0}, PenaltyPrior{.kind = Kind::paper},
          PenaltyPrior{.kind = Kind::gamma, .shape = 3.0, .rate = 2.0}}) {
        for (const auto& [penalty_free, noise_free] :
             {std::pair{true, false}, {false, true}, {true, true}}) {
            const ScaleOptions options{penalty_free, noise_free, prior, noise_prior};
            std::vector<double> lambda;
            std::vector<double> rho;
            std::vector<double> scaled_norm;
            ++seed;
            for (int i = 0; i < 30'000; ++i) {
                RandomSequence random(seed, 0, i, 0);
                const State state = state_after_update(random, options);
                lambda.push_back(state.lambda);
                rho.push_back(state.rho);
                scaled_norm.push_back(state.scaled_norm);
            }
            const auto what = testing::Message() << "kind " << static_cast<int>(prior.kind)
                                                 << ", free " << penalty_free << noise_free;
            EXPECT_LT(test::kolmogorov_smirnov(lambda, distribution(prior)), test::smirnov_limit)
                << what;
            EXPECT_LT(test::kolmogorov_smirnov(rho,
                                               [](double x) {
                                                   return boost::math::gamma_p(
                                                       noise_prior.shape,
                                                       noise_prior.scale * x * x);
                                               }),
                      test::smirnov_limit)
                << what;
            EXPECT_LT(test::kolmogorov_smirnov(
                          scaled_norm, [](double x) { return boost::math::gamma_p(entries, x); }),
                      test::smirnov_limit)
                << what;
        }
    }
}

// A matrix of noise alone far from where it belongs: scaled to nothing, it would be exp(700) times
// as likely, so that the slice goes down to exp(-700).
TEST(UpdateScalesOneRank, ABadStartDoesNotRunAway) {
    const ScaleSums sums{.entries = 896.0,
                         .observed = 896.0,
                         .nuclear_norm = 163.0,
                         .residual_squares = 2358.8,
                         .residual_times_phi = -1812.8,
                         .phi_squares = 2206.4};
    ScaleOptions options;
    options.noise_free = false;
    for (int draw = 0; draw < 100; ++draw) {
        RandomSequence random(31, 0, draw, 0);
        const Scales scales = update_scales(random, options, sums, 16.8, 1.0);
        EXPECT_LT(scales.lambda, 1.1e20);
        EXPECT_GT(scales.phi_factor, 1e-20);
    }
}

TEST(UpdateScalesOneRank, KeepsWhatIsFixed) {
    const ScaleSums sums{.entries = 12.0,
                         .observed = 9.0,
                         .nuclear_norm = 4.0,
                         .residual_squares = 8.0,
                         .residual_times_phi = 0.5,
                         .phi_squares = 6.0};
    RandomSequence random(1, 0, 0, 0);
    const Scales none = update_scales(random, {false, false, {}, {}}, sums, 2.0, 3.0);
    EXPECT_EQ(none.lambda, 2.0);
    EXPECT_EQ(none.rho, 3.0);
    EXPECT_EQ(none.phi_factor, 1.0);
    EXPECT_EQ(update_scales(random, {true, false, {}, {}}, sums, 2.0, 3.0).rho, 3.0);
    EXPECT_EQ(update_scales(random, {false, true, {}, {}}, sums, 2.0, 3.0).lambda, 2.0);
}

TEST(UpdateScalesOneRank, HoldsAtTheSizeOfATensor) {
    // 1e9 entries, a signal-to-noise ratio of 1e4: rho is known to 1 / sqrt(2 N), and a residual
    // formed as a difference of large sums would have lost it.
    constexpr double n = 1e9;
    const ScaleSums sums{.entries = n,
                         .observed = n,
                         .nuclear_norm = 1e9,
                         .residual_squares = n,
                         .residual_times_phi = 0.0,
                         .phi_squares = 1e8 * n};
    const ScaleOptions options{false, true, {}, {}};
    // Given X the mode of log t solves 2 N - t^2 N - t lambda ||Phi||_* = 0 with lambda = 1: t = 1.
    const auto values = test::independent_draws(4000, 9, [&](RandomSequence& random) {
        const Scales scales = update_scales(random, options, sums, 1.0, 1.0);
        return scales.phi_factor - 1.0;
    });
    // Curvature there: N (t^2-term 2 + 1): deviation 1 / sqrt(3 N).
    const test::MeanAndError mean = test::mean_and_error(values);
    EXPECT_NEAR(mean.mean, 0.0, 4.0 * mean.error);
    EXPECT_NEAR(mean.error * std::sqrt(4000.0 * 3.0 * n), 1.0, 0.06);
}

}  // namespace
}  // namespace tessera
