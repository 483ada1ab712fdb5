#include <gtest/gtest.h>

#include <cmath>

#include "../tensor/sparse_factors.hpp"
#include "all_ranks.hpp"
#include "tessera/method/cp/completion_method.hpp"
#include "tessera/method/cp/cp_method.hpp"
#include "tessera/tensor/sparse_reductions.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::vector<std::string> letters = {"a", "b", "c", "d"};

/// Samples of a tensor of few components, on every rank: about a share `kept` of its entries.
CoordinateList<double> samples_of(const Extents& shape, Index rank, double kept,
                                  std::uint64_t seed) {
    const auto factors = random_factors(shape, rank);
    const Random random(seed, 1);
    CoordinateList<double> list;
    list.positions.resize(static_cast<std::size_t>(shape.order()));
    for (Index i = 0; i < shape.product(); ++i) {
        if (random.uniform(i) >= kept) {
            continue;
        }
        const std::vector<Index> position = row_major_position(i, shape).to_vector();
        double value = 0.0;
        for (Index r = 0; r < rank; ++r) {
            value += hadamard(factors, position, rank, r, -1);
        }
        for (std::size_t mode = 0; mode < position.size(); ++mode) {
            list.positions[mode].push_back(static_cast<std::uint32_t>(position[mode]));
        }
        list.values.push_back(value);
    }
    return list;
}

SparseTensor<double> tensor_from(Dice& dice, const Extents& shape,
                                 const CoordinateList<double>& list) {
    return assemble(Communicator::world(), "samples", shape, own_part(list),
                    random_grid(dice, shape.order(), rank_count()))
        .tensor;
}

CpOptions options_of(Index rank, Index steps, double tolerance, double ridge) {
    CpOptions options;
    options.rank = rank;
    options.maximum_steps = steps;
    options.tolerance = tolerance;
    options.ridge = ridge;
    return options;
}

void run(Method<double>& method) {
    while (!method.finished()) {
        method.step();
    }
}

/// |x - m| / |x| over the entries of a sparse tensor.
double relative_error(const Method<double>& method, const SparseTensor<double>& at) {
    const std::vector<double> predicted = method.predict(at);
    const std::vector<double> values = to_host(at.values());
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        sum += (predicted[i] - values[i]) * (predicted[i] - values[i]);
    }
    return std::sqrt(at.communicator().sum(sum)) / norm(at);
}

TEST(CompletionMethod, RecoversEntriesThatItHasNotSeen) {
    // A quarter of the entries of an exact rank-2 tensor, no noise, hardly any ridge.
    Dice dice(201);
    const Extents shape{18, 15, 12};
    const auto seen = tensor_from(dice, shape, samples_of(shape, 2, 0.25, 5));
    CompletionMethod<double> method(seen, std::nullopt, letters, options_of(2, 3000, 1e-13, 1e-12),
                                    3);
    run(method);
    const auto whole = assemble("all", seen.partition(), own_part(samples_of(shape, 2, 1.1, 5)));
    EXPECT_ALL_RANKS(relative_error(method, whole.tensor) < 1e-5);
}

TEST(CompletionMethod, ReportsTheFitOfTheObservedEntries) {
    Dice dice(202);
    const Extents shape{9, 8, 7};
    const auto seen = tensor_from(dice, shape, samples_of(shape, 4, 0.5, 6));
    CompletionMethod<double> method(seen, std::nullopt, letters, options_of(2, 5, 1e-13, 0.1), 3);
    run(method);
    const double fit = method.report().back().second;
    EXPECT_NEAR_ALL_RANKS(1.0 - relative_error(method, seen), fit, 1e-10);
}

TEST(CompletionMethod, DescendsItsObjective) {
    // Sum of squared errors + ridge * sum of squares of the factors never grows from sweep to
    // sweep; at the end the squared error alone is no smaller than with less ridge.
    Dice dice(203);
    const Extents shape{10, 9, 8};
    const auto seen = tensor_from(dice, shape, samples_of(shape, 5, 0.4, 7));
    double fit_before = 2.0;
    for (const double ridge : {1e-6, 0.1, 1.0}) {
        CompletionMethod<double> method(seen, std::nullopt, letters,
                                        options_of(3, 2000, 1e-12, ridge), 3);
        run(method);
        const double fit = method.report().back().second;
        EXPECT_ALL_RANKS(fit < fit_before);
        fit_before = fit;
    }
}

TEST(CompletionMethod, DoesNotDependOnTheGrid) {
    const Extents shape{11, 9, 6, 4};
    const auto list = samples_of(shape, 3, 0.3, 8);
    const Communicator alone = Communicator::world().split(own_rank(), 0);
    const auto at_home = assemble(alone, "samples", shape, list).tensor;
    CompletionMethod<double> reference(at_home, std::nullopt, letters,
                                       options_of(3, 10, 1e-13, 0.01), 3);
    run(reference);
    const std::vector<double> expected = reference.predict(at_home);
    Dice dice(204);
    for (int trial = 0; trial < 3; ++trial) {
        const auto seen = tensor_from(dice, shape, list);
        CompletionMethod<double> method(seen, std::nullopt, letters, options_of(3, 10, 1e-13, 0.01),
                                        3);
        run(method);
        EXPECT_NEAR_ALL_RANKS(method.report().back().second, reference.report().back().second,
                              1e-10);
        // Predictions of own entries, looked up among those of all.
        EntryMap all;
        std::size_t entry = 0;
        for (const auto& [position, value] : own_entries(at_home)) {
            all[position] = expected[entry++];
        }
        const std::vector<double> own = method.predict(seen);
        EXPECT_ALL_RANKS([&] {
            std::size_t i = 0;
            for (const auto& [position, value] : own_entries(seen)) {
                if (std::abs(own[i++] - all.at(position)) > 1e-9) {
                    return false;
                }
            }
            return true;
        }());
    }
}

TEST(CompletionMethod, CompletesADenseTensorWithAMask) {
    Dice dice(205);
    const Extents shape{12, 10, 9};
    const Partition partition = random_partition(dice, shape);
    const auto factors = random_factors(shape, 2);
    std::vector<double> all;
    for (Index i = 0; i < shape.product(); ++i) {
        const auto position = row_major_position(i, shape).to_vector();
        all.push_back(hadamard(factors, position, 2, 0, -1) +
                      hadamard(factors, position, 2, 1, -1));
    }
    auto flags = random_entries<std::uint8_t>(shape.product(), 9);
    for (std::uint8_t& flag : flags) {
        flag = flag < 110 ? 1 : 0;
    }
    const auto truth = tensor_of(all, partition);
    const auto observed = observed_entries(truth, std::optional(tensor_of(flags, partition)));
    CompletionMethod<double> method(observed, partition, letters, options_of(2, 3000, 1e-13, 1e-12),
                                    3);
    run(method);
    const std::vector<double> estimate = to_host(method.estimate().block());
    const std::vector<double> expected = to_host(truth.block());
    double worst = 0.0;
    for (std::size_t i = 0; i < estimate.size(); ++i) {
        worst = std::max(worst, std::abs(estimate[i] - expected[i]));
    }
    EXPECT_ALL_RANKS(worst < 1e-4);
    const auto whole = observed_entries<double>(truth, std::nullopt);
    EXPECT_ALL_RANKS(method.predict(whole).size() == estimate.size());
    EXPECT_ALL_RANKS(relative_error(method, whole) < 1e-5);
}

TEST(SparseCpMethod, AgreesWithTheDenseMethodOnTheSameTensor) {
    // A third of the entries, the others zeros: the same sweeps whichever way they are stored.
    Dice dice(206);
    const Extents shape{9, 8, 7};
    const auto list = samples_of(shape, 3, 0.3, 10);
    const auto sparse = tensor_from(dice, shape, list);
    std::vector<double> all(static_cast<std::size_t>(shape.product()), 0.0);
    for (const auto& [position, value] : entries_of(list)) {
        all[static_cast<std::size_t>(row_major_offset(Extents(position), shape))] = value;
    }
    Problem<double> dense{
        tensor_of(all, random_partition(dice, shape)), {}, {}, {"a", "b", "c"}, {}};
    const CpOptions options = options_of(4, 12, 1e-13, 0.0);
    CpMethod<double> expected(dense, options, 3);
    run(expected);
    CpMethod<double> method(SparseProblem<double>{sparse, Absent::zero, {"a", "b", "c"}}, options,
                            3);
    run(method);
    EXPECT_NEAR_ALL_RANKS(method.report().back().second, expected.report().back().second, 1e-9);
    const double norm_of_data = norm(sparse);
    // The residual at the listed entries alone, by predictions of both.
    const double dense_error =
        relative_error(expected, observed_entries<double>(dense.observation, std::nullopt));
    EXPECT_NEAR_ALL_RANKS(1.0 - dense_error, expected.report().back().second, 1e-9);
    EXPECT_ALL_RANKS(norm_of_data > 0.0 && relative_error(method, sparse) < 1.0);
}

}  // namespace
}  // namespace tessera
