// One network for the rows and for the columns of a covariance between pixels.

#include <gtest/gtest.h>

#include "factor_networks_cases.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/method/factor_networks/fit_observation.hpp"
#include "tessera/method/factor_networks/fit_traffic.hpp"

namespace tessera {
namespace {

using namespace test_support;

const Extents shape = {6, 5, 6, 5};
const std::vector<std::string> axes = {"rows", "cols", "rows_2", "cols_2"};

/// sum over r of u_r(pixel) u_r(other pixel), of rank 2.
std::vector<double> covariance_entries() {
    const Random random(19, 3);
    const Index pixels = shape.product(0, 2);
    std::vector<double> entries;
    for (Index i = 0; i < pixels; ++i) {
        for (Index j = 0; j < pixels; ++j) {
            entries.push_back(random.normal(i) * random.normal(j) +
                              0.7 * random.normal(i + 1000) * random.normal(j + 1000));
        }
    }
    return entries;
}

/// Cut along rows and rows_2 alone.
Partition row_partition(Dice& dice) {
    const Communicator& world = Communicator::world();
    const Extents grid = random_grid(dice, 2, world.size());
    return {shape, ProcessGrid(world, {grid[0], 1, grid[1], 1})};
}

FactorNetworksOptions options_with(GeneratorKind kind, Validation validation) {
    FactorNetworksOptions options = free_options(Contraction::symmetric, 4);
    options.generator.kind = kind;
    options.generator.channels = 4;
    options.validation = validation;
    options.validation_share = 0.3;
    return options;
}

TEST(SymmetricImages, AnswerDoesNotDependOnRanksAndGrid) {
    Dice dice(23);
    const std::vector<double> entries = covariance_entries();
    for (const GeneratorKind kind : {GeneratorKind::skip_network, GeneratorKind::deep_decoder,
                                     GeneratorKind::sine_network, GeneratorKind::free_factor}) {
        const FactorNetworksOptions options = options_with(kind, Validation::held_out);
        const Problem<double> single = problem_of(entries, alone_on(shape), axes);
        const Problem<double> shared = problem_of(entries, row_partition(dice), axes);
        FactorNetworksMethod<double> alone(single, options, 3);
        FactorNetworksMethod<double> together(shared, options, 3);
        while (!alone.finished()) {
            alone.step();
            together.step();
            EXPECT_NEAR_ALL_RANKS(together.report()[0].second, alone.report()[0].second, 1e-9);
        }
        EXPECT_NEAR_ALL_RANKS(distance(together, to_host(alone.estimate().block())), 0.0, 1e-9);
    }
}

TEST(SymmetricImages, TrafficIsWhatTheProfileCounts) {
    Dice dice(24);
    const FactorNetworksOptions options =
        options_with(GeneratorKind::skip_network, Validation::none);
    const Partition partition = row_partition(dice);
    const Problem<double> problem = problem_of(covariance_entries(), partition, axes);
    FactorNetworksMethod<double> method(problem, options, 3);
    const auto reduced = [] {
        const auto found = profile_records().find("parallel/reductions");
        return found == profile_records().end() ? 0.0 : found->second.bytes;
    };
    const double before = reduced();
    method.step();
    const FitTraffic expected =
        fit_traffic(choose_factor_layout(shape, axes, options), options.generator, shape,
                    partition.grid().dims(), sizeof(double))[static_cast<std::size_t>(own_rank())];
    EXPECT_ALL_RANKS(reduced() - before == expected.reduced_bytes);
    EXPECT_ALL_RANKS(expected.messages == 0.0);
}

// Hundreds of steps: on one rank only, where they cost nothing.
TEST(SymmetricImagesOneRank, RecoversACovariance) {
    Dice dice(25);
    const std::vector<double> entries = covariance_entries();
    FactorNetworksOptions options = free_options(Contraction::symmetric, 1500);
    options.learning_rate = 0.03;
    options.schedule.kind = ScheduleKind::exponential;
    options.schedule.factor = 0.996;
    const Problem<double> problem = problem_of(entries, row_partition(dice), axes);
    FactorNetworksMethod<double> method(problem, options, 3);
    run(method);
    EXPECT_ALL_RANKS(distance(method, entries) < 0.01) << distance(method, entries);
    // One factor, of the pixels.
    const std::vector<Factor> factors = method.factors();
    EXPECT_EQ(factors[0].name, "factor_rows_cols");
    EXPECT_EQ(factors[0].place.shape, (Extents{6, 5, 2}));
}

// What is held out must not be seen on the other side of the diagonal.
TEST(SymmetricImagesOneRank, AnEntryIsHeldOutWithItsMirrorImage) {
    const Problem<double> problem = problem_of(covariance_entries(), alone_on(shape), axes);
    const FitObservation<double> observation(problem, FitObservation<double>::Judge::held_out_pairs,
                                             0.8, 3);
    const std::uint8_t* const roles = observation.data().roles;
    const Index pixels = shape.product(0, 2);
    Index unequal = 0;
    for (Index i = 0; i < pixels; ++i) {
        for (Index j = 0; j < pixels; ++j) {
            unequal += roles[i * pixels + j] != roles[j * pixels + i] ? 1 : 0;
        }
    }
    EXPECT_EQ(unequal, 0);
    // 465 draws with a chance of 0.2: a standard deviation of 0.019.
    EXPECT_NEAR(observation.validation_count() / static_cast<double>(pixels * pixels), 0.2, 0.08);
}

TEST(SymmetricImages, AGridThatCutsColumnsIsRefused) {
    const Communicator& world = Communicator::world();
    if (world.size() == 1) {
        GTEST_SKIP() << "one rank cuts nothing";
    }
    const Partition partition(shape, ProcessGrid(world, {1, 1, 1, world.size()}));
    const Problem<double> problem = problem_of(covariance_entries(), partition, axes);
    EXPECT_THROW(FactorNetworksMethod<double>(problem, free_options(Contraction::symmetric, 4), 3),
                 UsageError);
}

TEST(SymmetricImagesOneRank, OtherFormsAreRefused) {
    const FactorNetworksOptions options = free_options(Contraction::symmetric, 4);
    EXPECT_THROW(static_cast<void>(choose_factor_layout({6, 5, 5, 6}, axes, options)), UsageError);
    EXPECT_THROW(static_cast<void>(choose_factor_layout({6, 6, 6}, {"a", "b", "c"}, options)),
                 UsageError);
}

}  // namespace
}  // namespace tessera
