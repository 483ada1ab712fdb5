#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/base/error.hpp"
#include "tessera/method/nmf/nmf_method.hpp"

namespace tessera {
namespace {

using namespace test_support;

const Extents shape = {5, 4, 6};
const std::vector<std::string> axes = {"rows", "cols", "bands"};

NmfOptions options_of(Index rank, Index steps, double tolerance,
                      std::vector<std::string> columns = {"bands"}) {
    NmfOptions options;
    options.rank = rank;
    options.maximum_steps = steps;
    options.tolerance = tolerance;
    options.columns = std::move(columns);
    return options;
}

Problem<double> random_problem(std::uint32_t seed, const std::vector<double>& entries) {
    Dice dice(seed);
    return problem_of(entries, random_partition(dice, shape), axes);
}

std::vector<double> positive_entries(std::uint64_t seed) {
    std::vector<double> entries = random_entries<double>(shape.product(), seed);
    for (double& entry : entries) {
        entry = std::abs(entry);
    }
    return entries;
}

/// Every third entry or so is missing.
std::vector<std::uint8_t> some_observed() {
    const Random random(77, 1);
    std::vector<std::uint8_t> seen;
    for (Index i = 0; i < shape.product(); ++i) {
        seen.push_back(random.uniform(i) < 0.7 ? 1 : 0);
    }
    return seen;
}

Problem<double> masked_problem(std::uint32_t seed, std::vector<double> entries) {
    const std::vector<std::uint8_t> seen = some_observed();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i] *= seen[i];
    }
    Problem<double> problem = random_problem(seed, entries);
    problem.mask = tensor_of(seen, problem.observation.partition());
    return problem;
}

void run(NmfMethod<double>& method, int steps = 100000) {
    for (int step = 0; step < steps && !method.finished(); ++step) {
        method.step();
    }
}

/// Relative distance of the estimate from entries, over all of them or the observed ones.
double relative_error(const NmfMethod<double>& method, const std::vector<double>& entries,
                      bool observed_only = false) {
    const DenseTensor<double> estimate = method.estimate();
    const auto own = to_host(estimate.block());
    const auto wanted = box_of(entries, shape, estimate.box());
    const auto seen = box_of(some_observed(), shape, estimate.box());
    double error = 0.0;
    double norm = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        if (!observed_only || seen[i] != 0) {
            error += (own[i] - wanted[i]) * (own[i] - wanted[i]);
            norm += wanted[i] * wanted[i];
        }
    }
    const Communicator& world = Communicator::world();
    return std::sqrt(world.sum(error) / world.sum(norm));
}

TEST(NmfMethod, ObjectiveIsTheRelativeErrorAndNeverRises) {
    const auto entries = positive_entries(3);
    for (const auto update : {NmfOptions::Update::hals, NmfOptions::Update::multiplicative}) {
        for (const auto& columns : std::vector<std::vector<std::string>>{
                 {"bands"}, {"rows"}, {"cols"}, {"rows", "bands"}}) {
            const Problem<double> problem = random_problem(5, entries);
            NmfOptions options = options_of(3, 12, 1e-300, columns);
            options.update = update;
            NmfMethod<double> method(problem, options, 2);
            double before = 1.0;
            while (!method.finished()) {
                method.step();
                const double objective = method.report().front().second;
                EXPECT_ALL_RANKS(objective <= before + 1e-12);
                before = objective;
            }
            EXPECT_NEAR_ALL_RANKS(before, relative_error(method, entries), 1e-10);
        }
    }
}

TEST(NmfMethod, ObjectiveOfObservedEntriesNeverRises) {
    const auto entries = positive_entries(4);
    for (const std::string columns : {"bands", "cols"}) {
        const Problem<double> problem = masked_problem(6, entries);
        NmfMethod<double> method(problem, options_of(3, 12, 1e-300, {columns}), 2);
        double before = 1e300;
        while (!method.finished()) {
            method.step();
            EXPECT_ALL_RANKS(method.report().front().second <= before + 1e-12);
            before = method.report().front().second;
        }
        EXPECT_NEAR_ALL_RANKS(before, relative_error(method, entries, true), 1e-12);
    }
}

// A positive matrix of rank 1 of which 70 % are seen: the rest follows.
TEST(NmfMethod, CompletesAnExactMatrix) {
    std::vector<double> entries(static_cast<std::size_t>(shape.product()));
    const Random random(6, 2);
    for (Index row = 0; row < 20; ++row) {
        for (Index band = 0; band < 6; ++band) {
            entries[row * 6 + band] = random.uniform(row) * random.uniform(1000 + band);
        }
    }
    const Problem<double> problem = masked_problem(3, entries);
    NmfMethod<double> method(problem, options_of(1, 100, 1e-12), 1);
    run(method);
    EXPECT_NEAR_ALL_RANKS(relative_error(method, entries), 0.0, 1e-8);
    for (const Factor& factor : method.factors()) {
        EXPECT_ALL_RANKS(std::all_of(factor.values.begin(), factor.values.end(),
                                     [](double value) { return value >= 0.0; }));
    }
}

TEST(NmfMethod, AnswerDoesNotDependOnRanksAndGrid) {
    const auto entries = positive_entries(8);
    const Communicator alone = Communicator::world().split(Communicator::world().rank(), 0);
    for (const bool masked : {false, true}) {
        Problem<double> single = masked ? masked_problem(0, entries) : random_problem(0, entries);
        const Partition whole(shape, ProcessGrid(alone, {1, 1, 1}));
        std::vector<double> seen_entries = entries;
        const auto seen = some_observed();
        for (std::size_t i = 0; masked && i < entries.size(); ++i) {
            seen_entries[i] *= seen[i];
        }
        single.observation = tensor_of(seen_entries, whole);
        if (masked) {
            single.mask = tensor_of(seen, whole);
        }
        NmfMethod<double> reference(single, options_of(3, 8, 1e-300), 9);
        run(reference);
        const auto wanted = to_host(reference.estimate().block());
        for (std::uint32_t seed = 0; seed < 3; ++seed) {
            const Problem<double> problem =
                masked ? masked_problem(seed, entries) : random_problem(seed, entries);
            NmfMethod<double> method(problem, options_of(3, 8, 1e-300), 9);
            run(method);
            EXPECT_NEAR_ALL_RANKS(relative_error(method, wanted), 0.0, 1e-10);
        }
    }
}

TEST(NmfMethod, RestartsToTheSameBits) {
    using Update = NmfOptions::Update;
    for (const auto& [masked, update] : std::vector<std::pair<bool, Update>>{
             {false, Update::hals}, {true, Update::hals}, {false, Update::kullback_leibler}}) {
        const auto entries = positive_entries(9);
        const Problem<double> problem =
            masked ? masked_problem(2, entries) : random_problem(2, entries);
        NmfOptions options = options_of(3, 10, 1e-300);
        options.update = update;
        NmfMethod<double> through(problem, options, 4);
        run(through);
        NmfMethod<double> first(problem, options, 4);
        run(first, 4);
        MemoryArchive archive;
        first.serialise(archive);
        archive.rewind_for_loading();
        NmfMethod<double> second(problem, options, 999);
        second.serialise(archive);
        run(second);
        EXPECT_ALL_RANKS(second.report() == through.report());
        EXPECT_ALL_RANKS(to_host(second.estimate().block()) == to_host(through.estimate().block()));
    }
}

TEST(NmfMethod, NegativeDataAreRefusedWithCountAndPlace) {
    std::vector<double> entries = positive_entries(5);
    entries[row_major_offset({1, 2, 3}, shape)] = -1.0;
    entries[row_major_offset({4, 0, 1}, shape)] = -0.5;
    const Problem<double> problem = random_problem(1, entries);
    try {
        const NmfMethod<double> method(problem, options_of(2, 5, 1e-3), 1);
        ADD_FAILURE() << "negative data went through";
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what())
                      .find("2 of 120 entries are negative, the first at "
                            "[1, 2, 3]"),
                  std::string::npos)
            << error.what();
    }
}

/// The divergence of the estimate from entries, relative to their sum.
double relative_divergence(const NmfMethod<double>& method, const std::vector<double>& entries) {
    const DenseTensor<double> estimate = method.estimate();
    const auto own = to_host(estimate.block());
    const auto wanted = box_of(entries, shape, estimate.box());
    double divergence = 0.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        divergence += wanted[i] * std::log(wanted[i] / own[i]) - wanted[i] + own[i];
        sum += wanted[i];
    }
    const Communicator& world = Communicator::world();
    return world.sum(divergence) / world.sum(sum);
}

TEST(NmfMethod, DivergenceNeverRises) {
    const auto entries = positive_entries(3);
    for (const auto& columns :
         std::vector<std::vector<std::string>>{{"bands"}, {"rows"}, {"rows", "bands"}}) {
        const Problem<double> problem = random_problem(5, entries);
        NmfOptions options = options_of(3, 12, 1e-300, columns);
        options.update = NmfOptions::Update::kullback_leibler;
        NmfMethod<double> method(problem, options, 2);
        double before = 1e300;
        while (!method.finished()) {
            method.step();
            EXPECT_ALL_RANKS(method.report().front().second <= before + 1e-12);
            before = method.report().front().second;
        }
        EXPECT_NEAR_ALL_RANKS(before, relative_divergence(method, entries), 1e-12);
    }
}

// The singular vectors of blocks that share no row and no column are nonnegative: the start is the
// answer. Sizes of the blocks tell their singular values apart.
TEST(NmfMethod, StartFromSvdIsExactForBlocks) {
    std::vector<double> entries(static_cast<std::size_t>(shape.product()), 0.0);
    for (Index row = 0; row < 20; ++row) {
        const Index block = row % 3;
        for (Index band = 2 * block; band < 2 * block + 2; ++band) {
            entries[row * 6 + band] = static_cast<double>((1 + block) * (1 + row) * (1 + band));
        }
    }
    const Problem<double> problem = random_problem(7, entries);
    NmfOptions options = options_of(3, 1, 1e-9);
    options.start = NmfOptions::Start::svd;
    NmfMethod<double> method(problem, options, 5);
    method.step();
    EXPECT_NEAR_ALL_RANKS(relative_error(method, entries), 0.0, 1e-9);
}

// Multiplicative updates never leave 0, so the start from singular vectors must have none.
TEST(NmfMethod, StartFromSvdSuitsMultiplicativeUpdates) {
    const auto entries = positive_entries(12);
    for (const auto update :
         {NmfOptions::Update::multiplicative, NmfOptions::Update::kullback_leibler}) {
        const Problem<double> problem = random_problem(8, entries);
        NmfOptions options = options_of(4, 1, 1e-12);
        options.update = update;
        options.start = NmfOptions::Start::svd;
        NmfMethod<double> method(problem, options, 5);
        method.step();
        for (const Factor& factor : method.factors()) {
            EXPECT_ALL_RANKS(std::all_of(factor.values.begin(), factor.values.end(),
                                         [](double value) { return value > 0.0; }));
        }
    }
}

/// Both factors on one rank, the weights in the first.
struct WholeFactors {
    std::vector<double> w;
    std::vector<double> h;
};

WholeFactors whole_factors(const NmfMethod<double>& method) {
    const std::vector<Factor> factors = method.factors();
    WholeFactors whole{factors[2].values, factors[1].values};
    for (std::size_t i = 0; i < whole.w.size(); ++i) {
        whole.w[i] *= factors[0].values[i % factors[0].values.size()];
    }
    return whole;
}

double naive_objective(const WholeFactors& factors, const std::vector<double>& entries, Index rank,
                       bool divergence) {
    double sum = 0.0;
    for (Index row = 0; row < 20; ++row) {
        for (Index band = 0; band < 6; ++band) {
            double model = 0.0;
            for (Index r = 0; r < rank; ++r) {
                model += factors.w[row * rank + r] * factors.h[band * rank + r];
            }
            const double x = entries[row * 6 + band];
            sum +=
                divergence ? x * std::log(x / model) - x + model : 0.5 * (x - model) * (x - model);
        }
    }
    return sum;
}

// Karush, Kuhn and Tucker: at the answer the derivative by an entry, here by central differences,
// is 0 where the entry is positive and not negative where it is 0.
TEST(NmfMethodOneRank, AnswerIsAMinimum) {
    const auto entries = positive_entries(21);
    constexpr Index rank = 2;
    for (const auto update : {NmfOptions::Update::hals, NmfOptions::Update::kullback_leibler}) {
        const bool divergence = update == NmfOptions::Update::kullback_leibler;
        const Problem<double> problem = random_problem(1, entries);
        NmfOptions options = options_of(rank, 200000, 1e-15);
        options.update = update;
        NmfMethod<double> method(problem, options, 3);
        run(method, 200000);
        WholeFactors factors = whole_factors(method);
        std::size_t positive = 0;
        for (std::vector<double>* const factor : {&factors.w, &factors.h}) {
            for (double& entry : *factor) {
                const double there = entry;
                const double step = 1e-5;
                entry = there + step;
                const double above = naive_objective(factors, entries, rank, divergence);
                entry = there - step;
                const double below = naive_objective(factors, entries, rank, divergence);
                entry = there;
                const double derivative = (above - below) / (2.0 * step);
                const bool is_positive = there > 1e-3;
                positive += is_positive ? 1 : 0;
                if (is_positive) {
                    EXPECT_NEAR(derivative, 0.0, 1e-4);
                } else {
                    EXPECT_GT(derivative, -1e-4);
                }
            }
        }
        EXPECT_GT(positive, factors.w.size() / 2);
    }
}

}  // namespace
}  // namespace tessera
