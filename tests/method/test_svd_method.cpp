#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/base/error.hpp"
#include "tessera/method/svd/svd_method.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {
namespace {

using namespace test_support;

const Extents shape = {7, 6, 5};
const std::vector<std::string> axes = {"rows", "cols", "bands"};

SvdOptions rank_options(Index rank, std::vector<std::string> columns) {
    SvdOptions options;
    options.truncation = SvdOptions::Truncation::rank;
    options.rank = rank;
    options.columns = std::move(columns);
    return options;
}

void run_to_end(Method<double>& method) {
    for (int step = 0; step < 2000 && !method.finished(); ++step) {
        method.step();
    }
    ASSERT_ALL_RANKS(method.finished());
}

// Largest difference between an estimate's unfolding and a dense matrix, over all ranks.
double distance(const DenseTensor<double>& estimate, const Matrix& expected,
                const std::vector<bool>& is_column) {
    std::vector<double> positions(static_cast<std::size_t>(shape.product()));
    for (std::size_t i = 0; i < positions.size(); ++i) {
        positions[i] = static_cast<double>(i);
    }
    const Matrix places = dense_unfolding(positions, shape, is_column);
    std::vector<double> entries(positions.size());
    for (Index column = 0; column < expected.columns; ++column) {
        for (Index row = 0; row < expected.rows; ++row) {
            entries[static_cast<std::size_t>(places(row, column))] = expected(row, column);
        }
    }
    const std::vector<double> own = to_host(estimate.block());
    const std::vector<double> wanted = box_of(entries, shape, estimate.box());
    double largest = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        largest = std::max(largest, std::abs(own[i] - wanted[i]));
    }
    return Communicator::world().max(largest);
}

// Eckart and Young: the truncation is the best approximation, here against LAPACK, for unfoldings
// with one or two column modes, next to each other or not, on random grids, by both kinds of
// solver.
TEST(SvdMethod, TruncatesEveryUnfoldingLikeLapack) {
    Dice dice(11);
    const std::vector<double> entries = random_entries<double>(shape.product(), 5);
    for (int marks = 1; marks < 7; ++marks) {
        std::vector<bool> is_column(3);
        std::vector<std::string> columns;
        for (int mode = 0; mode < 3; ++mode) {
            is_column[static_cast<std::size_t>(mode)] = ((marks >> mode) & 1) != 0;
            if (is_column[static_cast<std::size_t>(mode)]) {
                columns.push_back(axes[static_cast<std::size_t>(mode)]);
            }
        }
        DenseSvd svd = dense_svd(dense_unfolding(entries, shape, is_column));
        const Matrix expected = recompose(svd, {svd.singular_values[0], svd.singular_values[1]});
        const Problem<double> problem = problem_of(entries, random_partition(dice, shape), axes);
        for (const auto solver : {SvdOptions::Solver::tsqr, SvdOptions::Solver::trlanczos}) {
            SvdOptions options = rank_options(2, columns);
            options.solver = solver;
            options.triplets_per_step = 1;
            SvdMethod<double> method(problem, options, 1);
            run_to_end(method);
            // 1e-9: the iterative solver's tolerance of 1e-12 over gaps of some per cent.
            EXPECT_NEAR_ALL_RANKS(distance(method.estimate(), expected, is_column), 0.0, 1e-9);
        }
    }
}

TEST(SvdMethod, ErrorRuleKeepsTheFewestTripletsThatMeetIt) {
    Dice dice(3);
    const std::vector<double> entries = random_entries<double>(shape.product(), 6);
    const Problem<double> problem = problem_of(entries, random_partition(dice, shape), axes);
    const std::vector<double> values =
        dense_singular_values(dense_unfolding(entries, shape, {false, false, true}));
    for (const double error : {0.5, 0.7, 0.85}) {
        SvdOptions options;
        options.truncation = SvdOptions::Truncation::error;
        options.error = error;
        SvdMethod<double> method(problem, options, 1);
        run_to_end(method);
        double total = 0.0;
        for (const double value : values) {
            total += value * value;
        }
        double rest = total;
        Index rank = 0;
        for (; rest > error * error * total; ++rank) {
            rest -= values[static_cast<std::size_t>(rank)] * values[static_cast<std::size_t>(rank)];
        }
        EXPECT_NEAR_ALL_RANKS(method.report().back().second, static_cast<double>(rank), 0.0);
        EXPECT_NEAR_ALL_RANKS(method.report().front().second, std::sqrt(rest / total), 1e-10);
    }
}

// Whitening is the decomposition of A S^-1, times S.
TEST(SvdMethod, WhitensColumns) {
    Dice dice(8);
    const std::vector<double> entries = random_entries<double>(shape.product(), 7);
    Problem<double> problem = problem_of(entries, random_partition(dice, shape), axes);
    const std::vector<double> sigma = {0.1, 0.5, 0.2, 1.0, 0.3};
    SvdOptions options = rank_options(3, {"bands"});
    options.whiten = true;
    options.noise_sigma = sigma;
    SvdMethod<double> method(problem, options, 1);
    run_to_end(method);

    const std::vector<bool> is_column = {false, false, true};
    Matrix whitened = dense_unfolding(entries, shape, is_column);
    for (Index column = 0; column < whitened.columns; ++column) {
        for (Index row = 0; row < whitened.rows; ++row) {
            whitened(row, column) /= sigma[static_cast<std::size_t>(column)];
        }
    }
    const DenseSvd svd = dense_svd(whitened);
    Matrix expected =
        recompose(svd, {svd.singular_values[0], svd.singular_values[1], svd.singular_values[2]});
    for (Index column = 0; column < expected.columns; ++column) {
        for (Index row = 0; row < expected.rows; ++row) {
            expected(row, column) *= sigma[static_cast<std::size_t>(column)];
        }
    }
    EXPECT_NEAR_ALL_RANKS(distance(method.estimate(), expected, is_column), 0.0, 1e-12);
}

// A problem of exact rank 2 of which two thirds of the entries are seen, the rest set to nonsense.
struct MaskedProblem {
    std::vector<double> truth;
    Problem<double> problem;
};

MaskedProblem masked_problem(const Partition& partition) {
    const Random random(21, 2);
    std::vector<double> truth = low_rank_entries(partition.shape(), 2, 4);
    std::vector<double> seen = truth;
    std::vector<std::uint8_t> observed(truth.size());
    for (std::size_t i = 0; i < truth.size(); ++i) {
        observed[i] = random.uniform(static_cast<Index>(i)) < 0.66 ? 1 : 0;
        seen[i] = observed[i] != 0 ? truth[i] : 0.0;
    }
    Problem<double> problem = problem_of(seen, partition, {"rows", "cols", "bands"});
    problem.mask = tensor_of(observed, partition);
    return {std::move(truth), std::move(problem)};
}

TEST(SvdMethod, ImputationRecoversMissingEntriesAndLeavesTheObservationAlone) {
    Dice dice(5);
    const Extents larger = {13, 11, 9};
    const MaskedProblem masked = masked_problem(random_partition(dice, larger));
    const std::vector<double> before = to_host(masked.problem.observation.block());
    SvdOptions options = rank_options(2, {"bands"});
    options.imputation_tolerance = 1e-9;
    SvdMethod<double> method(masked.problem, options, 1);
    run_to_end(method);
    EXPECT_ALL_RANKS(method.converged());
    const DenseTensor<double> estimate = method.estimate();
    const std::vector<double> own = to_host(estimate.block());
    const std::vector<double> wanted = box_of(masked.truth, larger, estimate.box());
    double largest = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        largest = std::max(largest, std::abs(own[i] - wanted[i]));
    }
    // The rounds converge linearly: what is left is the last change over one minus the rate.
    EXPECT_NEAR_ALL_RANKS(largest, 0.0, 1e-5);
    EXPECT_ALL_RANKS(to_host(masked.problem.observation.block()) == before);
}

TEST(SvdMethod, ObjectiveIsTheErrorOnObservedEntriesOnly) {
    Dice dice(6);
    const Extents larger = {13, 11, 9};
    const MaskedProblem masked = masked_problem(random_partition(dice, larger));
    SvdMethod<double> method(masked.problem, rank_options(1, {"cols"}), 1);
    for (int step = 0; step < 3; ++step) {
        method.step();
    }
    const DenseTensor<double> estimate = method.estimate();
    const std::vector<double> own = to_host(estimate.block());
    const std::vector<double> seen = to_host(masked.problem.observation.block());
    const std::vector<std::uint8_t> observed = to_host(masked.problem.mask->block());
    double error = 0.0;
    double norm = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        if (observed[i] != 0) {
            error += (own[i] - seen[i]) * (own[i] - seen[i]);
            norm += seen[i] * seen[i];
        }
    }
    const Communicator& world = Communicator::world();
    EXPECT_NEAR_ALL_RANKS(method.report().front().second,
                          std::sqrt(world.sum(error) / world.sum(norm)), 1e-12);
}

TEST(SvdMethod, GoesOnFromASavedStateToTheSameBits) {
    Dice dice(9);
    const Extents larger = {13, 11, 9};
    const MaskedProblem masked = masked_problem(random_partition(dice, larger));
    for (const auto solver : {SvdOptions::Solver::tsqr, SvdOptions::Solver::trlanczos}) {
        SvdOptions options = rank_options(2, {"bands"});
        options.solver = solver;
        SvdMethod<double> first(masked.problem, options, 1);
        for (int step = 0; step < 4; ++step) {
            first.step();
        }
        MemoryArchive archive;
        first.serialise(archive);
        for (int step = 0; step < 3; ++step) {
            first.step();
        }
        SvdMethod<double> second(masked.problem, options, 1);
        archive.rewind_for_loading();
        second.serialise(archive);
        for (int step = 0; step < 3; ++step) {
            second.step();
        }
        EXPECT_ALL_RANKS(second.steps_done() == first.steps_done());
        EXPECT_ALL_RANKS(second.report() == first.report());
        EXPECT_ALL_RANKS(to_host(second.estimate().block()) == to_host(first.estimate().block()));
    }
}

// Known noise on a low-rank matrix: shrinkage must come nearer to the truth than the true rank
// does.
TEST(SvdMethod, ShrinkageBeatsTruncationAtTheTrueRankUnderNoise) {
    Dice dice(10);
    const Extents larger = {24, 20, 30};
    const std::vector<double> truth = low_rank_entries(larger, 3, 8);
    const Random random(33, 4);
    std::vector<double> noisy = truth;
    for (std::size_t i = 0; i < noisy.size(); ++i) {
        noisy[i] += 0.8 * random.normal(static_cast<Index>(i));
    }
    Problem<double> problem = problem_of(noisy, random_partition(dice, larger), axes);
    problem.noise.kind = NoiseModel::Kind::gaussian;
    problem.noise.sigma = {0.8};
    const DenseTensor<double> clean = tensor_of(truth, problem.observation.partition());
    const auto error = [&](const SvdOptions& options) {
        SvdMethod<double> method(problem, options, 1);
        run_to_end(method);
        const DenseTensor<double> estimate = method.estimate();
        return squared_norm(estimate) - 2.0 * inner_product(estimate, clean) + squared_norm(clean);
    };
    const double shrunk = error(SvdOptions{});
    const double truncated = error(rank_options(3, {"bands"}));
    EXPECT_ALL_RANKS(shrunk < truncated);
}

TEST(SvdMethod, RefusesWhatCannotBe) {
    Dice dice(12);
    const Problem<double> problem =
        problem_of(random_entries<double>(shape.product(), 5), random_partition(dice, shape), axes);
    SvdOptions stabilised;
    stabilised.stabilisation = SvdOptions::Stabilisation::anscombe;
    EXPECT_THROW(SvdMethod<double>(problem, stabilised, 1), UsageError);
    SvdOptions levels;
    levels.noise_sigma = {0.1, 0.2};
    EXPECT_THROW(SvdMethod<double>(problem, levels, 1), UsageError);
    EXPECT_THROW(SvdMethod<double>(problem, rank_options(1, {"depth"}), 1), UsageError);
    EXPECT_THROW(SvdMethod<double>(problem, rank_options(1, {"rows", "rows"}), 1), UsageError);
    EXPECT_THROW(SvdMethod<double>(problem, rank_options(1, axes), 1), UsageError);
}

}  // namespace
}  // namespace tessera
