// Kernels against the density that they are to leave invariant, under Gaussian noise (the
// likelihood is the proposal) and of counts. And: the same draws however a matrix is spread over
// ranks.

#include <gtest/gtest.h>

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "distribution_checks.hpp"
#include "matrix_cases.hpp"
#include "posterior_checks.hpp"
#include "tessera/sampling/matrix_kernel.hpp"

namespace tessera {
namespace {

using namespace test_sampling;

constexpr Index rows = 3;
constexpr Index columns = 2;
constexpr Index entries = rows * columns;
constexpr double lambda = 1.5;

std::vector<double> case_observation() { return {2.0, -1.0, 0.5, 1.5, -2.5, 0.3}; }

const std::vector<double> equal = {1.0, 1.0};

// Draws of the likelihood. Missing entries are drawn from a wide normal law, whose density is
// divided out.
Proposals proposals(const std::vector<double>& mask) {
    constexpr Index draws = 150000;
    constexpr double wide = 2.0;
    const std::vector<double> y = case_observation();
    const DeviceView<double> z = to_device(normal_numbers(draws * entries, 9));
    std::vector<double> log_weight(draws, 0.0);
    for (Index draw = 0; draw < draws; ++draw) {
        for (Index entry = 0; entry < entries; ++entry) {
            double& value = z(draw * entries + entry);
            const bool missing = !mask.empty() && mask[static_cast<std::size_t>(entry)] == 0.0;
            log_weight[static_cast<std::size_t>(draw)] += missing ? 0.5 * value * value : 0.0;
            value = missing ? wide * value : y[static_cast<std::size_t>(entry)] + value;
        }
    }
    return {rows, columns, z, log_weight};
}

Moments moments_of_chains(MatrixKernelKind kind, const std::vector<double>& mask,
                          const std::vector<double>& weights) {
    const MatrixBatch batch = make_batch(Communicator::world(), 200, rows, columns);
    MatrixChains chains = make_chains(batch, case_observation(), mask, lambda);
    chains.weights = weights;
    return sample(kind, chains);
}

void expect_same_law(MatrixKernelKind kind, const std::vector<double>& mask,
                     const std::vector<double>& weights = equal) {
    expect_same_means(moments_of_chains(kind, mask, weights),
                      importance_sampling(proposals(mask), lambda, weights));
}

TEST(HarmonicFlowOneRank, KeepsThePosterior) {
    expect_same_law(MatrixKernelKind::harmonic_flow, {});
}
TEST(HarmonicFlowOneRank, KeepsThePosteriorWithMissingEntries) {
    expect_same_law(MatrixKernelKind::harmonic_flow, {1, 1, 1, 0, 1, 1});
}
TEST(SvdGibbsKernelOneRank, KeepsThePosterior) { expect_same_law(MatrixKernelKind::svd_gibbs, {}); }
TEST(SvdGibbsKernelOneRank, KeepsThePosteriorWithMissingEntries) {
    expect_same_law(MatrixKernelKind::svd_gibbs, {1, 1, 1, 0, 1, 1});
}
TEST(ProximalLangevinOneRank, KeepsThePosterior) {
    expect_same_law(MatrixKernelKind::proximal, {});
}
TEST(ProximalLangevinOneRank, KeepsThePosteriorWithMissingEntries) {
    expect_same_law(MatrixKernelKind::proximal, {1, 1, 1, 0, 1, 1});
}

// Weights of the singular values. Descending ones leave the soft threshold no proximal operator,
// ascending ones the norm not convex: the Metropolis test makes good either.
const std::vector<double> descending = {1.4, 0.4};
const std::vector<double> ascending = {0.3, 1.5};

TEST(HarmonicFlowOneRank, KeepsThePosteriorOfWeightedNorms) {
    expect_same_law(MatrixKernelKind::harmonic_flow, {1, 1, 1, 0, 1, 1}, descending);
    expect_same_law(MatrixKernelKind::harmonic_flow, {}, ascending);
}
TEST(ProximalLangevinOneRank, KeepsThePosteriorOfWeightedNorms) {
    expect_same_law(MatrixKernelKind::proximal, {1, 1, 1, 0, 1, 1}, descending);
    expect_same_law(MatrixKernelKind::proximal, {}, ascending);
}

// Where nothing is observed the kernel samples the prior, under which lambda times the norm has the
// gamma law of shape nm, whatever the weights: what draws of the penalty rest on.
void expect_gamma_law_of_the_norm(const std::vector<double>& weights) {
    constexpr Index chain_count = 3000;
    constexpr Index steps = 150;
    const MatrixBatch batch = make_batch(Communicator::world(), chain_count, rows, columns);
    MatrixChains chains =
        make_chains(batch, case_observation(), std::vector<double>(entries, 0.0), lambda);
    chains.weights = weights;
    const auto kernel = make_matrix_kernel(MatrixKernelKind::harmonic_flow, batch, 8);
    for (Index step = 0; step < steps; ++step) {
        kernel->advance(chains, step, step < steps / 2);
    }
    std::vector<double> norms;
    for (Index chain = 0; chain < chain_count; ++chain) {
        norms.push_back(lambda * chains.spectrum.norm(chain, weights));
    }
    EXPECT_LT(test::kolmogorov_smirnov(
                  norms, [](double x) { return boost::math::gamma_p(double{entries}, x); }),
              test::smirnov_limit);
}

TEST(HarmonicFlowOneRank, GivesTheGammaLawOfWeightedNorms) {
    expect_gamma_law_of_the_norm(descending);
    expect_gamma_law_of_the_norm(ascending);
}

// Counts of a few, some of them below zero where there is readout noise, the fourth one missing.
struct CountCase {
    PoissonLaw law;
    std::vector<double> values;  ///< counts / peak
};
const std::vector<double> counts_mask = {1, 1, 1, 0, 1, 1};

std::vector<CountCase> count_cases() {
    constexpr double peak = 10.0;
    return {{{peak, 0.0, 0.5}, {0.3, 0.0, 0.1, 0.0, 0.7, 0.2}},
            {{peak, 1.0, 0.5}, {0.34, -0.13, 0.05, 0.0, 0.61, 0.2}}};
}

MatrixChains count_chains(const CountCase& one, Index count) {
    const MatrixBatch batch = make_batch(Communicator::world(), count, rows, columns);
    MatrixChains chains = make_chains(batch, one.values, counts_mask, lambda);
    measure_counts(chains, one.law);
    return chains;
}

// The likelihood has no normal tails (none at all below zero where nothing was counted), so that
// two-sided exponentials are drawn: their scale lets the norm's exponential bound the weights.
Proposals count_proposals(const CountCase& one, double rho) {
    constexpr Index draws = 400000;
    constexpr double scale = 1.0;
    const double unit = one.law.peak / rho;
    const double variance = one.law.readout * one.law.readout;
    const DeviceView<double> z = allocate<double>("proposals", draws * entries);
    std::vector<double> log_weight(draws, 0.0);
    const Random random(12, 3);
    for (Index index = 0; index < draws * entries; ++index) {
        const Index entry = index % entries;
        const double y = one.values[static_cast<std::size_t>(entry)];
        const double sign = random.uniform(index, 1) < 0.5 ? -1.0 : 1.0;
        const double away = -std::log(random.uniform(index, 2));
        z(index) = 0.8 * rho * std::max(y, 0.0) + sign * scale * away;
        double& weight = log_weight[static_cast<std::size_t>(index / entries)];
        weight += away;
        if (counts_mask[static_cast<std::size_t>(entry)] != 0.0) {
            // As it stands on paper.
            const double rate = 0.5 * std::log(1.0 + std::exp(unit * z(index) / 0.5)) + variance;
            const double shifted = std::max(one.law.peak * y + variance, 0.0);
            weight -= rate - (shifted > 0.0 ? shifted * std::log(rate) : 0.0);
        }
    }
    return {rows, columns, z, log_weight};
}

void expect_same_law_of_counts(MatrixKernelKind kind) {
    for (const CountCase& one : count_cases()) {
        MatrixChains chains = count_chains(one, 200);
        expect_same_means(
            sample(kind, chains, 150, 300),
            importance_sampling(count_proposals(one, chains.rho.front()), lambda, equal));
    }
}

TEST(HarmonicFlowOneRank, KeepsThePosteriorOfCounts) {
    expect_same_law_of_counts(MatrixKernelKind::harmonic_flow);
}
TEST(ProximalLangevinOneRank, KeepsThePosteriorOfCounts) {
    expect_same_law_of_counts(MatrixKernelKind::proximal);
}

// A matrix with one entry that says nothing: the unit is the noise of the mean count.
TEST(MatrixChainsOneRank, TheUnitOfCountsIsTheirNoise) {
    const std::vector<CountCase> cases = count_cases();
    EXPECT_DOUBLE_EQ(count_chains(cases[0], 1).rho[0], 10.0 / std::sqrt(13.0 / 5.0));
    EXPECT_DOUBLE_EQ(count_chains(cases[1], 1).rho[0], 10.0 / std::sqrt(12.0 / 5.0 + 1.0));
    const CountCase dark{{10.0, 0.0, 0.5}, std::vector<double>(6, 0.0)};
    EXPECT_DOUBLE_EQ(count_chains(dark, 1).rho[0], 10.0 / std::sqrt(1.0 / 5.0));
}

// The unadjusted kernel is biased, and its documentation says so: the test holds it to that.
TEST(MoreauYosidaLangevinOneRank, IsNearThePosteriorButNotOnIt) {
    const Moments expected = importance_sampling(proposals({}), lambda, equal);
    const Moments found = moments_of_chains(MatrixKernelKind::moreau_yosida, {}, equal);
    const std::size_t norm = entries;
    const double error = std::hypot(expected.errors[norm], found.errors[norm]);
    EXPECT_NEAR(found.means[norm], expected.means[norm], 0.3 * expected.means[norm]);
    EXPECT_GT(std::abs(found.means[norm] - expected.means[norm]), 4.5 * error);
}

// Matrices spread over all ranks against the same matrices on each rank alone. A hundred steps at
// learnt step sizes: rounding grows with the number of steps, and no decision may differ.
void expect_same_draws(MatrixKernelKind kind, bool counts = false) {
    const Communicator& world = Communicator::world();
    const Communicator alone = world.split(world.rank(), 0);
    constexpr Index wide = 5;
    constexpr Index tall = 9;
    const std::vector<double> y = normal_numbers(wide * tall, 21, 3.0);
    std::vector<double> mask(y.size(), 1.0);
    mask[7] = mask[20] = 0.0;
    const MatrixBatch spread = make_batch(world, 3, tall, wide);
    const MatrixBatch whole = make_batch(alone, 3, tall, wide);
    MatrixChains a = make_chains(spread, y, mask, 1.2);
    MatrixChains b = make_chains(whole, y, mask, 1.2);
    if (counts) {
        measure_counts(a, {4.0, 1.0, 0.5});
        measure_counts(b, {4.0, 1.0, 0.5});
    }
    const auto kernel_a = make_matrix_kernel(kind, spread, 6);
    const auto kernel_b = make_matrix_kernel(kind, whole, 6);
    for (Index step = 0; step < 100; ++step) {
        kernel_a->advance(a, step, step < 50);
        kernel_b->advance(b, step, step < 50);
    }
    const std::vector<double> found = whole_matrices(spread, a.phi);
    for (std::size_t entry = 0; entry < found.size(); ++entry) {
        EXPECT_NEAR(found[entry], b.phi(entry), 1e-9) << entry;
    }
}

TEST(HarmonicFlow, DrawsDoNotDependOnTheRanks) {
    expect_same_draws(MatrixKernelKind::harmonic_flow);
}
TEST(ProximalLangevin, DrawsDoNotDependOnTheRanks) {
    expect_same_draws(MatrixKernelKind::proximal);
}
TEST(HarmonicFlow, DrawsOfCountsDoNotDependOnTheRanks) {
    expect_same_draws(MatrixKernelKind::harmonic_flow, true);
}
TEST(ProximalLangevin, DrawsOfCountsDoNotDependOnTheRanks) {
    expect_same_draws(MatrixKernelKind::proximal, true);
}
TEST(MoreauYosidaLangevin, DrawsDoNotDependOnTheRanks) {
    expect_same_draws(MatrixKernelKind::moreau_yosida);
}

}  // namespace
}  // namespace tessera
