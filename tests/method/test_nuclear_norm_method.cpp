#include <gtest/gtest.h>

#include <cmath>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/base/error.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_method.hpp"

namespace tessera {
namespace {

using namespace test_support;

const Extents shape = {6, 5, 4};
const std::vector<std::string> axes = {"rows", "cols", "bands"};

NuclearNormOptions options_of(Index warm_up, Index draws) {
    NuclearNormOptions options;
    options.chains = 2;
    options.sampler = NuclearNormOptions::Sampler::harmonic_flow;
    options.warm_up = warm_up;
    options.draws = draws;
    return options;
}

/// Rank two and noise of 0.3, some entries missing; or the same numbers as if they were counts of a
/// peak of 4 with readout noise of 1.
Problem<double> noisy_problem(const Partition& partition, bool masked, bool counts = false) {
    std::vector<double> entries = low_rank_entries(shape, 2, 11);
    std::vector<std::uint8_t> seen(entries.size(), 1);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto index = static_cast<Index>(i);
        seen[i] = !masked || Random(4, 1).uniform(index) < 0.8 ? 1 : 0;
        entries[i] = seen[i] * (3.0 * entries[i] + 0.3 * Random(4, 2).normal(index));
    }
    Problem<double> problem = problem_of(entries, partition, axes);
    if (masked) {
        problem.mask = tensor_of(seen, partition);
    }
    if (counts) {
        problem.noise.kind = NoiseModel::Kind::poisson;
        problem.noise.peak = 4.0;
        problem.noise.readout = 1.0;
    }
    return problem;
}

Partition alone() {
    const Communicator& world = Communicator::world();
    return {shape, ProcessGrid(world.split(world.rank(), 0), {1, 1, 1})};
}

void run(NuclearNormMethod<double>& method, Index steps = 100000) {
    for (Index step = 0; step < steps && !method.finished(); ++step) {
        method.step();
    }
}

// The estimate and the maps of a method on any partition against one that has everything on each
// rank. Rounding differs between the two, and the steps amplify it (a hundred of them stand in the
// kernels' own tests).
void expect_same(const NuclearNormMethod<double>& spread, const NuclearNormMethod<double>& whole) {
    const auto compare = [](const DenseTensor<double>& a, const DenseTensor<double>& b) {
        const std::vector<double> found = to_host(a.block());
        const std::vector<double> expected = box_of(to_host(b.block()), shape, a.box());
        double worst = 0.0;
        for (std::size_t i = 0; i < found.size(); ++i) {
            worst = std::max(worst, std::abs(found[i] - expected[i]));
        }
        // Quantiles are kept in float32.
        EXPECT_NEAR_ALL_RANKS(worst, 0.0, 2e-6);
    };
    compare(spread.estimate(), whole.estimate());
    const auto found = spread.maps();
    const auto expected = whole.maps();
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t map = 0; map < found.size(); ++map) {
        EXPECT_EQ(found[map].name, expected[map].name);
        compare(found[map].tensor, expected[map].tensor);
    }
}

struct Case {
    std::vector<Index> patch;
    std::vector<Index> stride;
    bool masked;
    NuclearNormOptions::Sampler sampler;
    bool counts = false;
};

const std::vector<Case>& cases() {
    using Sampler = NuclearNormOptions::Sampler;
    static const std::vector<Case> all = {{{}, {}, false, Sampler::harmonic_flow},
                                          {{}, {}, true, Sampler::proximal},
                                          {{4, 5, 0}, {2, 5, 0}, true, Sampler::harmonic_flow},
                                          {{0, 0, 1}, {}, false, Sampler::proximal},
                                          {{}, {}, true, Sampler::harmonic_flow, true},
                                          {{4, 5, 0}, {2, 5, 0}, false, Sampler::proximal, true}};
    return all;
}

NuclearNormOptions options_of(const Case& one, Index warm_up, Index draws) {
    NuclearNormOptions options = options_of(warm_up, draws);
    options.patch = one.patch;
    options.stride = one.stride;
    options.sampler = one.sampler;
    return options;
}

TEST(NuclearNormMethod, DrawsDoNotDependOnRanksOrGroups) {
    const int ranks = Communicator::world().size();
    for (const Case& one : cases()) {
        NuclearNormOptions options = options_of(one, 6, 9);
        const Problem<double> whole_problem = noisy_problem(alone(), one.masked, one.counts);
        NuclearNormMethod<double> whole(whole_problem, options, 3);
        run(whole);
        for (const int group : {1, ranks}) {
            options.ranks_per_matrix = group;
            Dice dice(static_cast<std::uint32_t>(group + 3));
            const Problem<double> problem =
                noisy_problem(random_partition(dice, shape), one.masked, one.counts);
            NuclearNormMethod<double> spread(problem, options, 3);
            run(spread);
            expect_same(spread, whole);
        }
    }
}

TEST(NuclearNormMethod, ARestartedRunIsTheSameToTheLastBit) {
    // With everything fixed the proximal sampler keeps its proposals' means from step to step.
    for (const std::size_t number : {1, 2, 4, 5}) {
        const Case& one = cases()[number];
        NuclearNormOptions options = options_of(one, 8, 12);
        if (number == 1) {
            options.penalty = 2.0;
            options.noise_sigma = {0.3};
        }
        Dice dice(2);
        const Problem<double> problem =
            noisy_problem(random_partition(dice, shape), one.masked, one.counts);
        for (const Index interrupted : {5, 14}) {
            NuclearNormMethod<double> straight(problem, options, 7);
            NuclearNormMethod<double> first(problem, options, 7);
            run(straight);
            run(first, interrupted);
            MemoryArchive archive;
            first.serialise(archive);
            archive.rewind_for_loading();
            NuclearNormMethod<double> second(problem, options, 7);
            second.serialise(archive);
            run(second);
            EXPECT_ALL_RANKS(second.steps_done() == straight.steps_done());
            EXPECT_ALL_RANKS(second.report() == straight.report());
            EXPECT_ALL_RANKS(to_host(second.estimate().block()) ==
                             to_host(straight.estimate().block()));
            EXPECT_ALL_RANKS(to_host(second.maps()[1].tensor.block()) ==
                             to_host(straight.maps()[1].tensor.block()));
        }
    }
}

TEST(NuclearNormMethod, SvdGibbsHasItsMatricesOnOneRank) {
    // Two chains of four slices: a unit or more for each rank.
    const Case one{{0, 0, 1}, {}, true, NuclearNormOptions::Sampler::svd_gibbs};
    NuclearNormOptions options = options_of(one, 6, 9);
    const Problem<double> whole_problem = noisy_problem(alone(), one.masked);
    NuclearNormMethod<double> whole(whole_problem, options, 3);
    run(whole);
    Dice dice(8);
    const Problem<double> problem = noisy_problem(random_partition(dice, shape), one.masked);
    NuclearNormMethod<double> spread(problem, options, 3);
    run(spread, 10);
    MemoryArchive archive;
    spread.serialise(archive);
    archive.rewind_for_loading();
    NuclearNormMethod<double> resumed(problem, options, 3);
    resumed.serialise(archive);
    run(spread);
    run(resumed);
    expect_same(spread, whole);
    EXPECT_ALL_RANKS(to_host(resumed.estimate().block()) == to_host(spread.estimate().block()));
    options.ranks_per_matrix = Communicator::world().size();
    if (options.ranks_per_matrix > 1) {
        EXPECT_THROW(NuclearNormMethod<double>(problem, options, 3), UsageError);
    }
}

TEST(NuclearNormMethod, RestartsOnOtherGroups) {
    const Case one = cases()[2];
    NuclearNormOptions options = options_of(one, 8, 12);
    Dice dice(2);
    const Problem<double> problem = noisy_problem(random_partition(dice, shape), one.masked);
    NuclearNormMethod<double> first(problem, options, 7);
    run(first, 14);
    MemoryArchive archive;
    first.serialise(archive);
    archive.rewind_for_loading();
    options.ranks_per_matrix = Communicator::world().size();
    NuclearNormMethod<double> second(problem, options, 7);
    second.serialise(archive);
    run(first);
    run(second);
    const std::vector<double> expected = to_host(first.estimate().block());
    const std::vector<double> found = to_host(second.estimate().block());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(found[i], expected[i], 1e-7);
    }
}

// Bands of different noise: the prior holds the whitened matrix, the answer is in the data's units.
TEST(NuclearNormMethod, BandsOfDifferentNoiseAreWhitened) {
    Dice dice(3);
    Problem<double> problem = noisy_problem(random_partition(dice, shape), false);
    NuclearNormOptions options = options_of(20, 40);
    options.noise_sigma = {0.2, 0.4, 0.1, 0.3};
    NuclearNormMethod<double> method(problem, options, 3);
    run(method);

    const double mean_level = std::sqrt((0.04 + 0.16 + 0.01 + 0.09) / 4.0);
    Problem<double> whitened = problem;
    NoiseScale noise{mean_level, {}, 2};
    for (const double level : options.noise_sigma) {
        noise.relative.push_back(level / mean_level);
    }
    whitened.observation = scale_bands(problem.observation, noise, -1);
    NuclearNormOptions plain = options;
    plain.noise_sigma = {mean_level};
    NuclearNormMethod<double> other(whitened, plain, 3);
    run(other);
    EXPECT_ALL_RANKS(to_host(method.estimate().block()) ==
                     to_host(scale_bands(other.estimate(), noise, 1).block()));
}

// Powers of two, so that no rounding tells the two apart.
TEST(NuclearNormMethod, EqualWeightsAreAPenalty) {
    Dice dice(3);
    const Problem<double> problem = noisy_problem(random_partition(dice, shape), true);
    NuclearNormOptions options = options_of(8, 12);
    options.penalty = 4.0;
    NuclearNormMethod<double> plain(problem, options, 3);
    options.penalty = 2.0;
    options.weights = {2.0};
    NuclearNormMethod<double> weighted(problem, options, 3);
    run(plain);
    run(weighted);
    EXPECT_ALL_RANKS(to_host(plain.estimate().block()) == to_host(weighted.estimate().block()));
}

// 10^10 counts, give or take their noise: Gaussian noise of one level but for parts in 10^5 (one
// over the root of the counts, by which the variance differs from entry to entry, and which the
// skewness has). So the draws, from the same random numbers, are the same but for parts in 10^5 of
// that level, which a few steps amplify.
TEST(NuclearNormMethod, ManyCountsAreGaussian) {
    Dice dice(4);
    constexpr double peak = 1e10;
    const double level = 1.0 / std::sqrt(peak);
    std::vector<double> entries = low_rank_entries(shape, 2, 11);
    for (double& entry : entries) {
        entry = 1.0 + 2.0 * level * entry;
    }
    Problem<double> problem = problem_of(entries, random_partition(dice, shape), axes);
    NuclearNormOptions options = options_of(10, 20);
    options.penalty = 2.0;
    options.noise_sigma = {level};
    NuclearNormMethod<double> gaussian(problem, options, 1);
    run(gaussian);

    problem.noise.kind = NoiseModel::Kind::poisson;
    problem.noise.peak = peak;
    options.noise_sigma.clear();
    NuclearNormMethod<double> counts(problem, options, 1);
    run(counts);
    const std::vector<double> expected = to_host(gaussian.estimate().block());
    const std::vector<double> found = to_host(counts.estimate().block());
    double worst = 0.0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        worst = std::max(worst, std::abs(found[i] - expected[i]));
    }
    EXPECT_NEAR_ALL_RANKS(worst / level, 0.0, 1e-2);
}

TEST(NuclearNormMethod, SaysWhatItCannotInfer) {
    Dice dice(4);
    Problem<double> problem = noisy_problem(random_partition(dice, shape), false);
    Kokkos::deep_copy(problem.observation.block(), 0.0);
    EXPECT_THROW(NuclearNormMethod<double>(problem, options_of(10, 10), 1), UsageError);
    NuclearNormOptions known = options_of(10, 10);
    known.noise_sigma = {0.1};
    for (const auto sampler :
         {NuclearNormOptions::Sampler::harmonic_flow, NuclearNormOptions::Sampler::svd_gibbs}) {
        known.sampler = sampler;
        NuclearNormMethod<double> method(problem, known, 1);
        run(method);
        for (const double entry : to_host(method.estimate().block())) {
            EXPECT_LT(std::abs(entry), 1.0);
        }
    }
    known.noise_sigma = {0.1, 0.2};
    EXPECT_THROW(NuclearNormMethod<double>(problem, known, 1), UsageError);
}

TEST(NuclearNormMethod, RowsWithoutAnyEntryGetAnAnswer) {
    Dice dice(5);
    Problem<double> problem = noisy_problem(random_partition(dice, shape), false);
    std::vector<std::uint8_t> seen(static_cast<std::size_t>(shape.product()), 1);
    std::fill(seen.begin(), seen.begin() + 8, std::uint8_t{0});
    problem.mask = tensor_of(seen, problem.observation.partition());
    NuclearNormMethod<double> method(problem, options_of(20, 40), 1);
    run(method);
    const auto deviation = method.maps().front().tensor;
    for (const double entry : to_host(deviation.block())) {
        EXPECT_TRUE(std::isfinite(entry) && entry > 0.0);
    }
}

// Without noise the posterior stays proper: as gamma goes to 0 the matrices near the data lose as
// much volume as their likelihood gains.
TEST(NuclearNormMethod, ConstantDataWithoutNoiseGetTheirConstant) {
    Dice dice(6);
    const Problem<double> problem =
        problem_of(std::vector<double>(static_cast<std::size_t>(shape.product()), 2.0),
                   random_partition(dice, shape), axes);
    NuclearNormMethod<double> method(problem, options_of(100, 100), 1);
    run(method);
    for (const double entry : to_host(method.estimate().block())) {
        EXPECT_NEAR(entry, 2.0, 0.3);
    }
}

}  // namespace
}  // namespace tessera
