#include <gtest/gtest.h>

#include <cmath>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/base/error.hpp"
#include "tessera/method/cp/cp_method.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::vector<std::string> letters = {"a", "b", "c", "d", "e", "f"};

std::vector<std::string> axes_of(const Extents& shape) {
    return {letters.begin(), letters.begin() + shape.order()};
}

CpOptions options_of(Index rank, Index steps, double tolerance) {
    CpOptions options;
    options.rank = rank;
    options.maximum_steps = steps;
    options.tolerance = tolerance;
    return options;
}

Problem<double> random_problem(std::uint32_t seed, const Extents& shape,
                               const std::vector<double>& entries) {
    Dice dice(seed);
    return problem_of(entries, random_partition(dice, shape), axes_of(shape));
}

/// |estimate - data| / |data|, from the entries.
double relative_error(const CpMethod<double>& method, const Problem<double>& problem) {
    const DenseTensor<double> estimate = method.estimate();
    const auto own = to_host(estimate.block());
    const auto data = to_host(problem.observation.block());
    double sum = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        sum += (own[i] - data[i]) * (own[i] - data[i]);
    }
    return std::sqrt(Communicator::world().sum(sum)) / norm(problem.observation);
}

/// A factor as a whole on every rank.
std::vector<double> whole(const Factor& factor) {
    std::vector<double> values(static_cast<std::size_t>(factor.place.shape.product()), 0.0);
    const Index columns = factor.place.shape.order() == 2 ? factor.place.shape[1] : 1;
    std::copy(factor.values.begin(), factor.values.end(),
              values.begin() + factor.place.box.begin[0] * columns);
    Communicator::world().sum_in_place(values.data(), static_cast<Index>(values.size()));
    return values;
}

std::vector<std::vector<double>> whole_factors(const CpMethod<double>& method) {
    std::vector<std::vector<double>> result;
    for (const Factor& factor : method.factors()) {
        result.push_back(whole(factor));
    }
    return result;
}

double largest_difference(const std::vector<std::vector<double>>& a,
                          const std::vector<std::vector<double>>& b) {
    double largest = 0.0;
    for (std::size_t f = 0; f < a.size(); ++f) {
        for (std::size_t i = 0; i < a[f].size(); ++i) {
            largest = std::max(largest, std::abs(a[f][i] - b[f][i]));
        }
    }
    return largest;
}

void run(CpMethod<double>& method, int steps = 100000) {
    for (int step = 0; step < steps && !method.finished(); ++step) {
        method.step();
    }
}

/// Sum of `rank` products of independent normal vectors: components that are far from parallel, so
/// that alternating updates converge fast.
std::vector<double> component_entries(const Extents& shape, Index rank, std::uint64_t seed,
                                      bool nonnegative = false) {
    std::vector<std::vector<double>> factors;
    for (int mode = 0; mode < shape.order(); ++mode) {
        const Random random(seed, static_cast<std::uint32_t>(mode));
        factors.emplace_back();
        for (Index i = 0; i < shape[mode] * rank; ++i) {
            const double value = random.normal(i);
            factors.back().push_back(nonnegative ? std::max(0.0, value) : value);
        }
    }
    std::vector<double> entries(static_cast<std::size_t>(shape.product()), 0.0);
    for (Index offset = 0; offset < shape.product(); ++offset) {
        const Extents position = row_major_position(offset, shape);
        for (Index r = 0; r < rank; ++r) {
            double product = 1.0;
            for (int mode = 0; mode < shape.order(); ++mode) {
                product *= factors[mode][position[mode] * rank + r];
            }
            entries[offset] += product;
        }
    }
    return entries;
}

// A noise-free tensor of low rank is found again, to the square root of rounding or better.
TEST(CpMethod, RecoversExactTensorsOfOrdersTwoToSix) {
    const std::vector<std::pair<Extents, int>> cases = {{{9, 8}, 2},
                                                        {{7, 8, 6}, 3},
                                                        {{5, 6, 4, 5}, 3},
                                                        {{4, 3, 5, 3, 4}, 2},
                                                        {{3, 2, 3, 4, 2, 3}, 2}};
    std::uint32_t seed = 40;
    for (const auto& [shape, rank] : cases) {
        const auto entries = component_entries(shape, rank, ++seed);
        const Problem<double> problem = random_problem(seed, shape, entries);
        const CpOptions options = options_of(rank, 150, 1e-10);
        CpMethod<double> method(problem, options, 3);
        run(method);
        EXPECT_ALL_RANKS(method.finished());
        // The fit, by which the sweeps end, is known to the square root of rounding.
        EXPECT_NEAR_ALL_RANKS(relative_error(method, problem), 0.0, 1e-7);
    }
}

TEST(CpMethod, NonnegativeFactorsRecoverANonnegativeTensor) {
    const Extents shape = {8, 7, 6};
    const Problem<double> problem = random_problem(3, shape, component_entries(shape, 2, 8, true));
    CpOptions options = options_of(2, 400, 1e-11);
    options.nonnegative = true;
    CpMethod<double> method(problem, options, 3);
    run(method);
    EXPECT_NEAR_ALL_RANKS(relative_error(method, problem), 0.0, 1e-4);
    for (const auto& factor : whole_factors(method)) {
        EXPECT_ALL_RANKS(*std::min_element(factor.begin(), factor.end()) >= 0.0);
    }
}

// The formula of the fit against the entries themselves, and the descent of both updates.
TEST(CpMethod, ObjectiveIsTheRelativeErrorAndNeverRises) {
    const Extents shape = {6, 5, 4, 3};
    const Problem<double> problem =
        random_problem(6, shape, random_entries<double>(shape.product(), 77));
    for (const bool nonnegative : {false, true}) {
        CpOptions options = options_of(4, 30, 1e-300);
        options.nonnegative = nonnegative;
        CpMethod<double> method(problem, options, 5);
        double before = 1.0;
        for (int sweep = 0; sweep < 30; ++sweep) {
            method.step();
            const double objective = method.report().front().second;
            EXPECT_ALL_RANKS(objective <= before + 1e-12);
            before = objective;
            if (sweep % 10 == 0) {
                EXPECT_NEAR_ALL_RANKS(objective, relative_error(method, problem), 1e-10);
            }
        }
    }
}

/// Half the squared distance of the data and the model with these factors (weights first).
double half_squared_error(const std::vector<double>& entries, const Extents& shape,
                          const std::vector<std::vector<double>>& factors) {
    const auto rank = static_cast<Index>(factors.front().size());
    double sum = 0.0;
    for (Index offset = 0; offset < shape.product(); ++offset) {
        const Extents position = row_major_position(offset, shape);
        double model = 0.0;
        for (Index r = 0; r < rank; ++r) {
            double product = factors[0][r];
            for (int mode = 0; mode < shape.order(); ++mode) {
                product *= factors[mode + 1][position[mode] * rank + r];
            }
            model += product;
        }
        sum += 0.5 * (entries[offset] - model) * (entries[offset] - model);
    }
    return sum;
}

// At the end no entry of any factor can be moved to the better: central differences.
TEST(CpMethod, EndsWhereTheGradientIsZero) {
    const Extents shape = {5, 4, 6};
    const auto noise = random_entries<double>(shape.product(), 4, 0.1);
    for (const bool nonnegative : {false, true}) {
        auto entries = component_entries(shape, 2, 12, nonnegative);
        for (std::size_t i = 0; i < entries.size(); ++i) {
            entries[i] += noise[i];
        }
        const Problem<double> problem = random_problem(2, shape, entries);
        CpOptions options = options_of(2, 400, 1e-15);
        options.nonnegative = nonnegative;
        CpMethod<double> method(problem, options, 1);
        run(method);
        auto factors = whole_factors(method);
        constexpr double h = 1e-5;
        double largest = 0.0;
        for (std::size_t f = 1; f < factors.size(); ++f) {
            for (double& value : factors[f]) {
                const double here = value;
                value = here + h;
                const double above = half_squared_error(entries, shape, factors);
                value = here - h;
                const double below = half_squared_error(entries, shape, factors);
                value = here;
                const double gradient = (above - below) / (2.0 * h);
                // On the bound only a downhill way back inside counts.
                largest =
                    std::max(largest, nonnegative && here == 0.0 ? -gradient : std::abs(gradient));
            }
        }
        // Relative to the gradient of a unit change, about the weights: the sweeps end when the
        // error no longer changes in 15 digits, where gradients are about 1e-7 of that.
        EXPECT_NEAR_ALL_RANKS(largest / factors[0][0], 0.0, 1e-5);
    }
}

// The same factors as on one rank, whose grid has no freedom, after a fixed number of sweeps.
TEST(CpMethod, AnswerDoesNotDependOnRanksAndGrid) {
    const Extents shape = {7, 5, 6};
    const auto entries = random_entries<double>(shape.product(), 21);
    for (const bool nonnegative : {false, true}) {
        CpOptions options = options_of(3, 12, 1e-300);
        options.nonnegative = nonnegative;
        options.starts = 2;
        const Communicator alone = Communicator::world().split(Communicator::world().rank(), 0);
        const Problem<double> single =
            problem_of(entries, Partition(shape, ProcessGrid(alone, {1, 1, 1})), axes_of(shape));
        CpMethod<double> reference(single, options, 9);
        run(reference);
        std::vector<std::vector<double>> wanted;
        for (const Factor& factor : reference.factors()) {
            wanted.push_back(factor.values);
        }
        for (std::uint32_t seed = 0; seed < 4; ++seed) {
            const Problem<double> problem = random_problem(seed, shape, entries);
            CpMethod<double> method(problem, options, 9);
            run(method);
            EXPECT_NEAR_ALL_RANKS(largest_difference(whole_factors(method), wanted), 0.0, 1e-10);
        }
    }
}

TEST(CpMethod, ComponentsAreInOrderOfWeightWithSignsInTheLastMode) {
    const Extents shape = {5, 6, 4};
    const Problem<double> problem =
        random_problem(4, shape, random_entries<double>(shape.product(), 31));
    CpMethod<double> method(problem, options_of(3, 30, 1e-300), 2);
    run(method);
    const auto factors = whole_factors(method);
    EXPECT_ALL_RANKS(factors[0][0] >= factors[0][1] && factors[0][1] >= factors[0][2] &&
                     factors[0][2] > 0.0);
    for (int mode = 0; mode < 3; ++mode) {
        for (Index r = 0; r < 3; ++r) {
            double largest = 0.0;
            double squared = 0.0;
            for (Index i = 0; i < shape[mode]; ++i) {
                const double value = factors[mode + 1][i * 3 + r];
                squared += value * value;
                largest = std::abs(value) > std::abs(largest) ? value : largest;
            }
            EXPECT_NEAR_ALL_RANKS(squared, 1.0, 1e-12);
            EXPECT_ALL_RANKS(mode == 2 || largest > 0.0);
        }
    }
    EXPECT_NEAR_ALL_RANKS(1.0 - method.report()[2].second, relative_error(method, problem), 1e-10);
}

// More components than the data have: the normal equations are singular.
TEST(CpMethod, SurvivesMoreComponentsThanTheDataHave) {
    const Extents shape = {4, 3, 3};
    const Problem<double> problem = random_problem(1, shape, low_rank_entries(shape, 1, 5));
    CpMethod<double> method(problem, options_of(12, 50, 1e-12), 2);
    run(method);
    EXPECT_NEAR_ALL_RANKS(relative_error(method, problem), 0.0, 1e-6);
    const std::vector<double> zeros(static_cast<std::size_t>(shape.product()), 0.0);
    const Problem<double> nothing = random_problem(1, shape, zeros);
    CpMethod<double> of_nothing(nothing, options_of(2, 50, 1e-12), 2);
    run(of_nothing);
    EXPECT_NEAR_ALL_RANKS(norm(of_nothing.estimate()), 0.0, 0.0);
}

TEST(CpMethod, BestStartIsKept) {
    const Extents shape = {6, 5, 7};
    const Problem<double> problem =
        random_problem(2, shape, random_entries<double>(shape.product(), 3));
    CpOptions options = options_of(4, 15, 1e-300);
    options.starts = 4;
    CpMethod<double> method(problem, options, 8);
    double best = -1.0;
    while (!method.finished()) {
        method.step();
        if (method.steps_done() % 15 == 0 && !method.finished()) {
            best = std::max(best, method.report()[2].second);
        }
    }
    EXPECT_ALL_RANKS(method.report()[2].second >= best);
    EXPECT_ALL_RANKS(method.take_remarks().size() == 4);
    EXPECT_NEAR_ALL_RANKS(1.0 - method.report()[2].second, relative_error(method, problem), 1e-10);
}

TEST(CpMethod, RestartsToTheSameBits) {
    const Extents shape = {6, 5, 4};
    const Problem<double> problem =
        random_problem(11, shape, random_entries<double>(shape.product(), 13));
    for (const int stop : {1, 9, 14}) {
        CpOptions options = options_of(3, 8, 1e-300);
        options.starts = 3;
        CpMethod<double> through(problem, options, 4);
        run(through);
        CpMethod<double> first(problem, options, 4);
        run(first, stop);
        MemoryArchive archive;
        first.serialise(archive);
        archive.rewind_for_loading();
        CpMethod<double> second(problem, options, 999);
        second.serialise(archive);
        EXPECT_ALL_RANKS(second.steps_done() == stop);
        CpMethod<double> third(problem, options, 4);
        third.serialise(archive);
        run(third);
        EXPECT_ALL_RANKS(whole_factors(third) == whole_factors(through));
        EXPECT_ALL_RANKS(third.report() == through.report());
    }
}

}  // namespace
}  // namespace tessera
