// Fits of factor_networks with few observed entries, with gross errors, and with step sizes that
// are far too large.

#include <gtest/gtest.h>

#include <algorithm>

#include "factor_networks_cases.hpp"

namespace tessera {
namespace {

using namespace test_support;
using Values = std::vector<double>;

FactorNetworksOptions quick_options(Contraction contraction, Index steps) {
    FactorNetworksOptions options = free_options(contraction, steps);
    options.learning_rate = 0.03;
    return options;
}

/// The block's estimates of a method on all ranks, where each has the whole tensor.
Values whole_estimate(const FactorNetworksMethod<double>& method) {
    return to_host(method.estimate().block());
}

const std::vector<Form> forms = {
    {Contraction::matrix, {40, 30}, {"a", "b"}},
    {Contraction::image, {20, 12, 9}, {"rows", "cols", "bands"}},
    {Contraction::cp, {14, 15, 16}, {"a", "b", "c"}},
    {Contraction::tucker, {24, 25, 26}, {"a", "b", "c"}},
};

bool lists(FactorNetworksMethod<double>& method) {
    for (const std::string& remark : method.take_remarks()) {
        if (remark.find("each step goes through these alone") != std::string::npos) {
            return true;
        }
    }
    return false;
}

// Where few entries are observed they are listed; the answer is the same on any grid, with whatever
// else is asked for.
TEST(RobustFits, ScarceEntriesAreListedOnAnyGrid) {
    Dice dice(6);
    for (const Form& form : forms) {
        for (const Validation validation :
             {Validation::held_out, Validation::split, Validation::moving_variance}) {
            FactorNetworksOptions options = quick_options(form.contraction, 4);
            options.validation = validation;
            options.validation_share = 0.3;
            options.refit = true;
            options.outliers = validation != Validation::split;
            const double share = form.contraction == Contraction::tucker ? 0.01 : 0.04;
            Problem<double> single = problem_on(alone_on(form.shape), form.axes, share);
            Problem<double> shared =
                problem_on(random_partition(dice, form.shape), form.axes, share);
            single.noise = shared.noise = gaussian(0.1);
            FactorNetworksMethod<double> alone(single, options, 3);
            FactorNetworksMethod<double> together(shared, options, 3);
            EXPECT_ALL_RANKS(lists(together)) << form.shape.to_string();
            run(alone);
            run(together);
            EXPECT_NEAR_ALL_RANKS(distance(together, whole_estimate(alone)), 0.0, 1e-11)
                << form.shape.to_string();
        }
    }
    FactorNetworksMethod<double> many(
        problem_on(random_partition(dice, forms[2].shape), forms[2].axes, 0.5),
        quick_options(Contraction::cp, 1), 3);
    EXPECT_ALL_RANKS(!lists(many));
}

/// A matrix of rank 2 in which one entry in eight is black or white.
Problem<double> spotted_problem(const Partition& partition, const Values& truth) {
    Values entries = truth;
    const double white = *std::max_element(truth.begin(), truth.end());
    const Random random(9, 1);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const double number = random.uniform(static_cast<Index>(i));
        entries[i] = number < 0.06 ? 0.0 : number < 0.125 ? white : entries[i];
    }
    return problem_of(entries, partition, {"a", "b"});
}

TEST(RobustFits, OutlierTermTakesUpSaltAndPepper) {
    Dice dice(8);
    const Extents shape = {40, 30};
    const Values truth = low_rank_entries(shape, 2, 5);
    const Problem<double> problem = spotted_problem(random_partition(dice, shape), truth);
    FactorNetworksOptions options = quick_options(Contraction::matrix, 1500);
    FactorNetworksMethod<double> plain(problem, options, 3);
    options.outliers = true;
    options.outlier_rate = 0.1;
    FactorNetworksMethod<double> robust(problem, options, 3);
    run(plain);
    run(robust);
    EXPECT_ALL_RANKS(distance(robust, truth) < 0.1 * distance(plain, truth))
        << distance(robust, truth) << " against " << distance(plain, truth);
}

// Adam's steps are as long as the step size, whatever the data: this one shoots far beyond.
TEST(RobustFits, GuardMendsAStepSizeThatIsFarTooLarge) {
    Dice dice(8);
    const Extents shape = {40, 30};
    const Values truth = low_rank_entries(shape, 2, 5);
    const Problem<double> problem = problem_of(truth, random_partition(dice, shape), {"a", "b"});
    FactorNetworksOptions options = quick_options(Contraction::matrix, 400);
    options.learning_rate = 100.0;
    FactorNetworksMethod<double> guarded(problem, options, 3);
    run(guarded);
    options.backtrack = 0.0;
    FactorNetworksMethod<double> unguarded(problem, options, 3);
    run(unguarded);
    EXPECT_ALL_RANKS(distance(guarded, truth) < 0.01 * distance(unguarded, truth));
}

TEST(RobustFits, GoOnBitwiseFromASavedState) {
    Dice dice(9);
    for (const double share : {0.04, 0.7}) {
        const Form& form = forms[1];
        const Problem<double> problem =
            problem_on(random_partition(dice, form.shape), form.axes, share);
        FactorNetworksOptions options = quick_options(form.contraction, 30);
        options.outliers = true;
        options.validation = share < 0.5 ? Validation::moving_variance : Validation::held_out;
        options.learning_rate = 3.0;
        expect_same_after_restart(problem, options, 13);
    }
}

}  // namespace
}  // namespace tessera
