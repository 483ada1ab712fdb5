// The dense Tucker decomposition against LAPACK's SVDs of explicit unfoldings and naive sums.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/base/error.hpp"
#include "tessera/method/tucker/truncation_order.hpp"
#include "tessera/method/tucker/tucker_method.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {
namespace {

using namespace test_support;
using Route = TuckerOptions::Route;

const Extents shape = {9, 8, 7};
const std::vector<std::string> axes = {"rows", "cols", "bands"};

void run_to_end(Method<double>& method) {
    for (int step = 0; step < 1000 && !method.finished(); ++step) {
        method.step();
    }
    ASSERT_ALL_RANKS(method.finished());
}

TuckerOptions options_with(std::vector<Index> ranks, Route route = Route::automatic) {
    TuckerOptions options;
    options.ranks = std::move(ranks);
    options.route = route;
    return options;
}

double figure(const Method<double>& method, const std::string& name) {
    for (const auto& [key, value] : method.report()) {
        if (key == name) {
            return value;
        }
    }
    return std::nan("");
}

double relative_distance(const DenseTensor<double>& a, const std::vector<double>& wanted) {
    const std::vector<double> own = to_host(a.block());
    const std::vector<double> expected = box_of(wanted, a.shape(), a.box());
    double error = 0.0;
    double norm = 0.0;
    for (std::size_t i = 0; i < own.size(); ++i) {
        error += (own[i] - expected[i]) * (own[i] - expected[i]);
        norm += expected[i] * expected[i];
    }
    const Communicator& world = Communicator::world();
    return std::sqrt(world.sum(error) / world.sum(norm));
}

// Entries of multilinear rank `ranks` whose singular values decay, plus noise.
std::vector<double> decaying_entries(const Extents& extents, double noise) {
    std::vector<double> entries = random_entries<double>(extents.product(), 41, noise);
    for (int term = 0; term < 4; ++term) {
        const std::vector<double> part =
            low_rank_entries(extents, 1, 50 + static_cast<std::uint64_t>(term));
        for (std::size_t i = 0; i < entries.size(); ++i) {
            entries[i] += std::pow(0.3, term) * (part[i] - 0.2 * term);
        }
    }
    return entries;
}

// The modes of a replicated tensor truncated one after the other with LAPACK's SVD of each explicit
// unfolding: what the method must find, whatever the grid and the route.
struct Reference {
    std::vector<double> estimate;
    double squared_error = 0.0;  ///< sum of the discarded squared singular values
};

Reference reference_truncation(const std::vector<double>& entries, const Extents& extents,
                               const std::vector<Index>& ranks, const std::vector<int>& modes) {
    Reference result{entries, 0.0};
    for (const int mode : modes) {
        std::vector<bool> is_column(static_cast<std::size_t>(extents.order()), false);
        is_column[static_cast<std::size_t>(mode)] = true;
        const Matrix unfolded = dense_unfolding(result.estimate, extents, is_column);
        const DenseSvd svd = dense_svd(unfolded);
        std::vector<double> kept = svd.singular_values;
        kept.resize(static_cast<std::size_t>(ranks[static_cast<std::size_t>(mode)]));
        for (std::size_t i = kept.size(); i < svd.singular_values.size(); ++i) {
            result.squared_error += svd.singular_values[i] * svd.singular_values[i];
        }
        const Matrix truncated = recompose(svd, kept);
        std::vector<double> places(entries.size());
        std::iota(places.begin(), places.end(), 0.0);
        const Matrix place = dense_unfolding(places, extents, is_column);
        for (std::size_t i = 0; i < place.values.size(); ++i) {
            result.estimate[static_cast<std::size_t>(place.values[i])] = truncated.values[i];
        }
    }
    return result;
}

double squared_sum(const std::vector<double>& values) {
    return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

TEST(TuckerMethod, TruncatesModeAfterModeLikeLapackOnBothRoutes) {
    Dice dice(61);
    const std::vector<double> entries = random_entries<double>(shape.product(), 5);
    const std::vector<Index> ranks = {3, 5, 2};
    for (const Route route : {Route::gram, Route::qr}) {
        for (const std::vector<int>& modes :
             {std::vector<int>{0, 1, 2}, std::vector<int>{2, 0, 1}}) {
            TuckerOptions options = options_with(ranks, route);
            for (const int mode : modes) {
                options.mode_order.push_back(axes[static_cast<std::size_t>(mode)]);
            }
            const Problem<double> problem =
                problem_of(entries, random_partition(dice, shape), axes);
            TuckerMethod<double> method(problem, options);
            run_to_end(method);
            const Reference expected = reference_truncation(entries, shape, ranks, modes);
            EXPECT_NEAR_ALL_RANKS(relative_distance(method.estimate(), expected.estimate), 0.0,
                                  1e-10);
            const double error = std::sqrt(expected.squared_error / squared_sum(entries));
            EXPECT_NEAR_ALL_RANKS(figure(method, "error_bound"), error, 1e-12);
        }
    }
}

TEST(TuckerMethod, BoundIsTheTrueErrorAndMeetsTheToleranceWithNoRankToSpare) {
    Dice dice(62);
    const Extents extents = {14, 11, 6, 5};
    const std::vector<std::string> names = {"x", "y", "z", "t"};
    const std::vector<double> entries = decaying_entries(extents, 1e-3);
    for (const Route route : {Route::gram, Route::qr}) {
        for (const double tolerance : {0.3, 0.02, 0.003}) {
            TuckerOptions options = options_with({}, route);
            options.tolerance = tolerance;
            const Problem<double> problem =
                problem_of(entries, random_partition(dice, extents), names);
            TuckerMethod<double> method(problem, options);
            run_to_end(method);
            const double true_error = relative_distance(method.estimate(), entries);
            EXPECT_NEAR_ALL_RANKS(figure(method, "error_bound"), true_error, 1e-9);
            EXPECT_NEAR_ALL_RANKS(figure(method, "objective"), true_error, 1e-9);
            EXPECT_ALL_RANKS(true_error <= tolerance);
            EXPECT_ALL_RANKS(figure(method, "compression") > 1.0);
        }
    }
}

// What the Gram matrix cannot see: an error of 1e-10. The route is chosen by the tolerance.
TEST(TuckerMethod, TightToleranceTakesQrAndMeetsIt) {
    Dice dice(63);
    std::vector<double> entries = low_rank_entries(shape, 2, 9);
    const std::vector<double> noise = random_entries<double>(shape.product(), 6, 1e-9);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i] += noise[i];
    }
    const Problem<double> problem = problem_of(entries, random_partition(dice, shape), axes);
    TuckerOptions options;
    options.tolerance = 1e-8;
    TuckerMethod<double> method(problem, options);
    const std::string remark = method.take_remarks().front();
    EXPECT_ALL_RANKS(remark.find("by QR") != std::string::npos);
    run_to_end(method);
    const double true_error = relative_distance(method.estimate(), entries);
    EXPECT_ALL_RANKS(true_error <= 1e-8);
    EXPECT_ALL_RANKS(true_error > 1e-11);
    // Two decimals of an error that is 1e-10 of the tensor's norm.
    EXPECT_NEAR_ALL_RANKS(figure(method, "error_bound") / true_error, 1.0, 1e-2);
    // Rank 2 in every mode, as built.
    const std::vector<Factor> factors = method.factors();
    EXPECT_ALL_RANKS(factors.front().place.shape == Extents({2, 2, 2}));
}

TEST(TuckerMethod, RanksBeyondTheGramsDigitsSwitchToQrAndSaySo) {
    Dice dice(64);
    const std::vector<double> entries = low_rank_entries(shape, 2, 9);
    const Problem<double> problem = problem_of(entries, random_partition(dice, shape), axes);
    TuckerMethod<double> method(problem, options_with({4}));
    run_to_end(method);
    bool told = false;
    for (const std::string& remark : method.take_remarks()) {
        told = told || remark.find("from here on by QR") != std::string::npos;
    }
    EXPECT_ALL_RANKS(told);
    EXPECT_NEAR_ALL_RANKS(relative_distance(method.estimate(), entries), 0.0, 1e-12);
}

// HOOI reaches a stationary point: each factor spans the leading left singular space of the tensor
// projected on the others, hence an error not above that of the truncation, and settled.
TEST(TuckerMethod, HooiDoesNotIncreaseTheErrorAndReportsTheTrueOne) {
    Dice dice(65);
    const std::vector<double> entries = random_entries<double>(shape.product(), 15);
    for (const Route route : {Route::gram, Route::qr}) {
        TuckerOptions options = options_with({2, 3, 2}, route);
        options.hooi_sweeps = 40;
        options.hooi_tolerance = 1e-9;
        const Problem<double> problem = problem_of(entries, random_partition(dice, shape), axes);
        TuckerMethod<double> method(problem, options);
        double previous = 1.0;
        for (int step = 0; step < 1000 && !method.finished(); ++step) {
            method.step();
            const double now = figure(method, "objective");
            EXPECT_ALL_RANKS(step < 3 || now <= previous + 1e-13);
            previous = now;
        }
        ASSERT_ALL_RANKS(method.finished());
        EXPECT_ALL_RANKS(figure(method, "objective") < figure(method, "error_bound") - 1e-3);
        EXPECT_NEAR_ALL_RANKS(figure(method, "objective"),
                              relative_distance(method.estimate(), entries), 1e-10);
    }
}

TEST(TuckerMethod, GoesOnFromASavedStateToTheSameBits) {
    Dice dice(66);
    const std::vector<double> entries = random_entries<double>(shape.product(), 16);
    const Problem<double> problem = problem_of(entries, random_partition(dice, shape), axes);
    TuckerOptions options = options_with({3, 3, 3});
    options.hooi_sweeps = 3;
    options.hooi_tolerance = 1e-15;
    for (const int stop : {0, 1, 2, 4}) {
        TuckerMethod<double> first(problem, options);
        for (int step = 0; step < stop; ++step) {
            first.step();
        }
        MemoryArchive archive;
        first.serialise(archive);
        run_to_end(first);
        TuckerMethod<double> second(problem, options);
        archive.rewind_for_loading();
        second.serialise(archive);
        run_to_end(second);
        EXPECT_ALL_RANKS(second.report() == first.report());
        EXPECT_ALL_RANKS(to_host(second.estimate().block()) == to_host(first.estimate().block()));
    }
}

TEST(TuckerMethod, ZeroTensorHasRankOneAndNoError) {
    Dice dice(67);
    const std::vector<double> entries(static_cast<std::size_t>(shape.product()), 0.0);
    const Problem<double> problem = problem_of(entries, random_partition(dice, shape), axes);
    TuckerMethod<double> method(problem, TuckerOptions{});
    run_to_end(method);
    EXPECT_ALL_RANKS(figure(method, "objective") == 0.0);
    EXPECT_NEAR_ALL_RANKS(norm(method.estimate()), 0.0, 0.0);
}

TEST(TuckerMethod, RefusesWhatCannotBe) {
    Dice dice(68);
    const Problem<double> problem =
        problem_of(random_entries<double>(shape.product(), 5), random_partition(dice, shape), axes);
    EXPECT_THROW(TuckerMethod<double>(problem, options_with({3, 3})), UsageError);
    EXPECT_THROW(TuckerMethod<double>(problem, options_with({3, 9, 3})), UsageError);
    EXPECT_THROW(TuckerMethod<double>(problem, options_with({8})), UsageError);
    TuckerOptions order = options_with({3});
    order.mode_order = {"rows", "bands"};
    EXPECT_THROW(TuckerMethod<double>(problem, order), UsageError);
    order.mode_order = {"rows", "bands", "depth"};
    EXPECT_THROW(TuckerMethod<double>(problem, order), UsageError);
    order.mode_order = {"rows", "bands", "bands"};
    EXPECT_THROW(TuckerMethod<double>(problem, order), UsageError);
}

// The chosen order against all others by the same reckoning done by hand for two of them.
TEST(TruncationOrderOneRank, TakesTheCheapestOrder) {
    const Extents extents = {40, 10, 20};
    const std::vector<Index> ranks = {4, 5, 6};
    const TruncationOrder best = cheapest_order(extents, ranks, false);
    // Mode 1 first: 8000 * 10 + 9e3 + 2 * 8000 * 5, then 4000 entries left, and so on.
    const double by_hand = (80000.0 + 9000.0 + 80000.0) + (80000.0 + 72000.0 + 48000.0) +
                           (48000.0 + 576000.0 + 9600.0);
    EXPECT_NEAR(truncation_flops(extents, ranks, {1, 2, 0}, false), by_hand, 1e-9);
    for (const std::vector<int>& modes :
         {std::vector<int>{0, 1, 2}, std::vector<int>{0, 2, 1}, std::vector<int>{1, 0, 2},
          std::vector<int>{1, 2, 0}, std::vector<int>{2, 0, 1}, std::vector<int>{2, 1, 0}}) {
        EXPECT_LE(best.flops, truncation_flops(extents, ranks, modes, false));
    }
}

}  // namespace
}  // namespace tessera
