// Completion by Tucker models: the updates against dense least squares over explicit equations, and
// the method on tensors of known rank.

#include <gtest/gtest.h>

#include <cmath>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/base/error.hpp"
#include "tessera/method/tucker/tucker_completion.hpp"
#include "tessera/method/tucker/tucker_method.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::vector<std::string> axes = {"rows", "cols", "bands"};

Matrix random_factor(Index rows, Index columns, std::uint64_t seed) {
    Matrix result(rows, columns);
    result.values = random_entries<double>(rows * columns, seed);
    return result;
}

std::vector<std::uint8_t> random_mask(Index count, double share, std::uint64_t seed) {
    const Random random(seed, 3);
    std::vector<std::uint8_t> mask;
    for (Index i = 0; i < count; ++i) {
        mask.push_back(random.uniform(i) < share ? 1 : 0);
    }
    return mask;
}

struct Observed {
    Extents shape;
    std::vector<double> entries;
    std::vector<std::uint8_t> mask;
    Problem<double> problem;
};

Observed observed_problem(std::vector<double> entries, std::vector<std::uint8_t> mask,
                          const Partition& partition) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i] = mask[i] != 0 ? entries[i] : 0.0;
    }
    Problem<double> problem = problem_of(entries, partition, axes);
    problem.mask = tensor_of(mask, partition);
    return {partition.shape(), std::move(entries), std::move(mask), std::move(problem)};
}

// The model's value, summed over the whole core.
double predict(const TuckerModel& model, const Extents& position) {
    const Extents ranks(model.ranks());
    double sum = 0.0;
    for (Index c = 0; c < ranks.product(); ++c) {
        const Extents place = row_major_position(c, ranks);
        double product = model.core[static_cast<std::size_t>(c)];
        for (int mode = 0; mode < ranks.order(); ++mode) {
            product *= model.factors[static_cast<std::size_t>(mode)](position[mode], place[mode]);
        }
        sum += product;
    }
    return sum;
}

double observed_error(const Observed& data, const TuckerModel& model) {
    double sum = 0.0;
    for (Index i = 0; i < data.shape.product(); ++i) {
        if (data.mask[static_cast<std::size_t>(i)] != 0) {
            const double difference = data.entries[static_cast<std::size_t>(i)] -
                                      predict(model, row_major_position(i, data.shape));
            sum += difference * difference;
        }
    }
    return sum;
}

struct Small {
    Observed data;
    TuckerModel model;
};

Small small_problem(Dice& dice) {
    const Extents shape = {6, 5, 7};
    Small result{
        observed_problem(random_entries<double>(shape.product(), 3),
                         random_mask(shape.product(), 0.7, 9), random_partition(dice, shape)),
        {}};
    const std::vector<Index> ranks = {2, 3, 2};
    for (int mode = 0; mode < 3; ++mode) {
        result.model.factors.push_back(random_factor(shape[mode],
                                                     ranks[static_cast<std::size_t>(mode)],
                                                     20 + static_cast<std::uint64_t>(mode)));
    }
    result.model.core = random_entries<double>(12, 30);
    return result;
}

// A least squares solution has a residual that is orthogonal to every column: moving any single
// unknown, by finite differences, does not lower the error.
TEST(TuckerCompletion, RowsAreLeastSquaresSolutionsInEveryMode) {
    Dice dice(71);
    for (int mode = 0; mode < 3; ++mode) {
        Small small = small_problem(dice);
        const TuckerCompletion<double> completion(
            observed_entries(small.data.problem.observation, small.data.problem.mask));
        const double before = observed_error(small.data, small.model);
        completion.update_factor(small.model, mode, 1e-12);
        const double after = observed_error(small.data, small.model);
        EXPECT_ALL_RANKS(after < before);
        Matrix& factor = small.model.factors[static_cast<std::size_t>(mode)];
        for (double& entry : factor.values) {
            const double value = entry;
            const double step = 1e-3;
            entry = value + step;
            const double above = observed_error(small.data, small.model);
            entry = value - step;
            const double below = observed_error(small.data, small.model);
            entry = value;
            // The error is quadratic in one unknown, so the central difference is exact.
            EXPECT_NEAR_ALL_RANKS((above - below) / (2.0 * step), 0.0, 1e-8);
        }
        // Orthonormal columns.
        for (Index a = 0; a < factor.columns; ++a) {
            for (Index b = 0; b < factor.columns; ++b) {
                double product = 0.0;
                for (Index row = 0; row < factor.rows; ++row) {
                    product += factor(row, a) * factor(row, b);
                }
                EXPECT_NEAR_ALL_RANKS(product, a == b ? 1.0 : 0.0, 1e-12);
            }
        }
    }
}

TEST(TuckerCompletion, CoreIsTheLeastSquaresSolutionAndItsErrorIsTold) {
    Dice dice(72);
    Small small = small_problem(dice);
    const TuckerCompletion<double> completion(
        observed_entries(small.data.problem.observation, small.data.problem.mask));
    // Conjugate gradients end after as many iterations as there are unknowns.
    for (const Index iterations : {2, 40}) {
        const double told = completion.update_core(small.model, iterations);
        EXPECT_NEAR_ALL_RANKS(told, observed_error(small.data, small.model), 1e-9);
    }
    for (double& entry : small.model.core) {
        const double value = entry;
        const double step = 1e-3;
        entry = value + step;
        const double above = observed_error(small.data, small.model);
        entry = value - step;
        const double below = observed_error(small.data, small.model);
        entry = value;
        EXPECT_NEAR_ALL_RANKS((above - below) / (2.0 * step), 0.0, 1e-7);
    }
}

// A slice without entries becomes the mean row: with data that do not vary along the mode it is
// found exactly.
TEST(TuckerCompletion, RowsWithoutEntriesBecomeTheMeanRow) {
    Dice dice(73);
    const Extents shape = {5, 6, 4};
    const std::vector<double> slice = low_rank_entries({6, 4}, 1, 5);
    std::vector<double> entries;
    for (int row = 0; row < 5; ++row) {
        entries.insert(entries.end(), slice.begin(), slice.end());
    }
    std::vector<std::uint8_t> mask(entries.size(), 1);
    std::fill(mask.begin() + 24, mask.begin() + 48, std::uint8_t{0});
    const Observed data = observed_problem(entries, mask, random_partition(dice, shape));
    TuckerOptions options;
    options.ranks = {1};
    options.ridge = 1e-9;  // it moves the rows of all modes towards their means by about this
    options.completion_tolerance = 1e-12;
    TuckerMethod<double> method(data.problem, options);
    while (!method.finished()) {
        method.step();
    }
    const std::vector<double> own = to_host(method.estimate().block());
    const std::vector<double> wanted = box_of(entries, shape, data.problem.observation.box());
    double largest = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        largest = std::max(largest, std::abs(own[i] - wanted[i]));
    }
    EXPECT_NEAR_ALL_RANKS(largest, 0.0, 1e-6);
}

TuckerOptions completion_options() {
    TuckerOptions options;
    options.ranks = {2};
    options.ridge = 1e-9;
    options.completion_tolerance = 1e-9;
    return options;
}

Observed low_rank_problem(Dice& dice) {
    const Extents shape = {12, 11, 9};
    return observed_problem(low_rank_entries(shape, 2, 4), random_mask(shape.product(), 0.5, 8),
                            random_partition(dice, shape));
}

TEST(TuckerCompletion, RecoversMissingEntriesOfALowRankTensorOnAnyGrid) {
    const std::vector<double> truth = low_rank_entries({12, 11, 9}, 2, 4);
    Dice dice(74);
    const Observed data = low_rank_problem(dice);
    TuckerMethod<double> method(data.problem, completion_options());
    while (!method.finished()) {
        method.step();
    }
    EXPECT_ALL_RANKS(method.converged());
    const DenseTensor<double> estimate = method.estimate();
    const std::vector<double> own = to_host(estimate.block());
    const std::vector<double> wanted = box_of(truth, data.shape, estimate.box());
    double largest = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        largest = std::max(largest, std::abs(own[i] - wanted[i]));
    }
    // Sweeps converge linearly: what is left is the last change over one minus the rate.
    EXPECT_NEAR_ALL_RANKS(largest, 0.0, 1e-5);
    EXPECT_ALL_RANKS(holds(data.problem.observation, data.entries));
}

// After three sweeps, far from converged, on two grids.
TEST(TuckerCompletion, DoesNotDependOnTheGridAndTellsTheErrorOnObservedEntries) {
    Dice dice(75);
    std::vector<double> first;
    for (int trial = 0; trial < 2; ++trial) {
        const Observed data = low_rank_problem(dice);
        TuckerOptions options = completion_options();
        options.ranks = {1, 2, 2};
        TuckerMethod<double> method(data.problem, options);
        for (int step = 0; step < 6; ++step) {
            method.step();
        }
        const Communicator& world = Communicator::world();
        const DenseTensor<double> estimate = method.estimate();
        std::vector<double> whole(static_cast<std::size_t>(data.shape.product()), 0.0);
        const std::vector<double> own = to_host(estimate.block());
        for_each_position(estimate.box(), [&](const Extents& position, Index offset) {
            whole[static_cast<std::size_t>(row_major_offset(position, data.shape))] =
                own[static_cast<std::size_t>(offset)];
        });
        world.sum_in_place(whole.data(), static_cast<Index>(whole.size()));
        double error = 0.0;
        double norm = 0.0;
        double difference = 0.0;
        for (std::size_t i = 0; i < whole.size(); ++i) {
            if (data.mask[i] != 0) {
                error += (whole[i] - data.entries[i]) * (whole[i] - data.entries[i]);
                norm += data.entries[i] * data.entries[i];
            }
            difference = std::max(difference, first.empty() ? 0.0 : std::abs(whole[i] - first[i]));
        }
        EXPECT_NEAR_ALL_RANKS(method.report().front().second, std::sqrt(error / norm), 1e-10);
        EXPECT_NEAR_ALL_RANKS(difference, 0.0, 1e-10);
        first = std::move(whole);
    }
}

TEST(TuckerCompletion, GoesOnFromASavedStateToTheSameBits) {
    Dice dice(76);
    const Observed data = low_rank_problem(dice);
    for (const int stop : {2, 3, 5}) {
        TuckerMethod<double> first(data.problem, completion_options());
        for (int step = 0; step < stop; ++step) {
            first.step();
        }
        MemoryArchive archive;
        first.serialise(archive);
        TuckerMethod<double> second(data.problem, completion_options());
        archive.rewind_for_loading();
        second.serialise(archive);
        for (int step = 0; step < 3; ++step) {
            first.step();
            second.step();
        }
        EXPECT_ALL_RANKS(second.report() == first.report());
        EXPECT_ALL_RANKS(to_host(second.estimate().block()) == to_host(first.estimate().block()));
    }
}

TEST(TuckerCompletion, NeedsRanks) {
    Dice dice(77);
    const Observed data = low_rank_problem(dice);
    EXPECT_THROW(TuckerMethod<double>(data.problem, TuckerOptions{}), UsageError);
}

}  // namespace
}  // namespace tessera
