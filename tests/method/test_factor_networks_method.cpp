#include <gtest/gtest.h>

#include "factor_networks_cases.hpp"
#include "tessera/base/error.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::vector<Form> forms = {
    {Contraction::matrix, {9, 7}, {"a", "b"}},
    {Contraction::symmetric, {8, 8}, {"a", "b"}},
    {Contraction::image, {6, 5, 4}, {"rows", "cols", "bands"}},
    {Contraction::image, {3, 6, 5}, {"time", "rows", "cols"}},
    {Contraction::image, {3, 6, 5, 2}, {"time", "rows", "cols", "bands"}},
    {Contraction::cp, {4, 5, 6}, {"a", "b", "c"}},
    {Contraction::tucker, {4, 5, 6}, {"a", "b", "c"}},
    {Contraction::cp, {3, 4, 2, 3, 3}, {"a", "b", "c", "d", "e"}},
    {Contraction::full, {4, 5, 6}, {"a", "b", "c"}},
};

TEST(FactorNetworksMethod, AnswerDoesNotDependOnRanksAndGrid) {
    Dice dice(6);
    for (const Form& form : forms) {
        for (const Validation validation :
             {Validation::none, Validation::held_out, Validation::split}) {
            const double share = validation == Validation::held_out ? 0.67 : 1.0;
            FactorNetworksOptions options = free_options(form.contraction, 3);
            options.validation = validation;
            options.validation_share = 0.3;
            options.average = share < 1.0 ? 0.5 : 0.0;
            Problem<double> single = problem_on(alone_on(form.shape), form.axes, share);
            Problem<double> shared =
                problem_on(random_partition(dice, form.shape), form.axes, share);
            single.noise = gaussian(0.1);
            shared.noise = gaussian(0.1);
            FactorNetworksMethod<double> alone(single, options, 3);
            FactorNetworksMethod<double> together(shared, options, 3);
            while (!alone.finished()) {
                alone.step();
                together.step();
                for (std::size_t i = 0; i < alone.report().size(); ++i) {
                    EXPECT_NEAR_ALL_RANKS(together.report()[i].second, alone.report()[i].second,
                                          1e-11);
                }
            }
            const std::vector<double> expected = to_host(alone.estimate().block());
            EXPECT_NEAR_ALL_RANKS(distance(together, expected), 0.0, 1e-11)
                << form.shape.to_string();
        }
    }
}

/// Two products of normal random vectors, one per mode, far from parallel.
std::vector<double> separated_entries(const Extents& shape) {
    const Random random(5, 3);
    std::vector<double> entries(static_cast<std::size_t>(shape.product()), 0.0);
    for (Index offset = 0; offset < shape.product(); ++offset) {
        const Extents position = row_major_position(offset, shape);
        for (int term = 0; term < 2; ++term) {
            double product = 1.0;
            for (int mode = 0; mode < shape.order(); ++mode) {
                product *= random.normal(position[mode] + Index{1000} * (mode + 10 * term));
            }
            entries[static_cast<std::size_t>(offset)] += product;
        }
    }
    return entries;
}

FactorNetworksOptions patient_options(Contraction contraction) {
    FactorNetworksOptions options = free_options(contraction, 3000);
    options.learning_rate = 0.03;
    options.schedule.kind = ScheduleKind::exponential;
    options.schedule.factor = 0.998;
    return options;
}

// Thousands of steps: on one rank only, where they cost nothing.
TEST(FactorNetworksMethodOneRank, RecoversTensorsOfItsOwnForm) {
    Dice dice(7);
    for (const Form& form : forms) {
        if (form.contraction == Contraction::symmetric) {
            continue;
        }
        const double size = form.shape.order() == 3 ? 4000.0 : 1.0;  // in any units
        std::vector<double> entries = separated_entries(form.shape);
        for (double& entry : entries) {
            entry *= size;
        }
        const Problem<double> problem =
            problem_of(entries, random_partition(dice, form.shape), form.axes);
        FactorNetworksMethod<double> method(problem, patient_options(form.contraction), 3);
        run(method);
        EXPECT_ALL_RANKS(distance(method, entries) < 0.01 * size)
            << form.shape.to_string() << " distance " << distance(method, entries) / size;
    }
}

// Entries that were not observed follow from the model; they are 0 in the data.
TEST(FactorNetworksMethodOneRank, CompletesATensor) {
    Dice dice(8);
    const Form& form = forms[5];
    const std::vector<double> entries = separated_entries(form.shape);
    Problem<double> problem = problem_of(entries, random_partition(dice, form.shape), form.axes);
    problem.mask = tensor_of(some_observed(form.shape, 0.67), problem.observation.partition());
    FactorNetworksMethod<double> method(problem, patient_options(form.contraction), 3);
    run(method);
    EXPECT_ALL_RANKS(distance(method, entries) < 0.01);
}

TEST(FactorNetworksMethod, GoesOnBitwiseFromASavedState) {
    Dice dice(9);
    for (const Form& form : {forms[2], forms[6]}) {
        Problem<double> problem = problem_on(random_partition(dice, form.shape), form.axes, 0.67);
        problem.noise = gaussian(0.2);
        FactorNetworksOptions options = free_options(form.contraction, 4);
        options.validation = Validation::automatic;
        options.restarts = 2;
        options.refit = true;
        options.average = 0.9;
        expect_same_after_restart(problem, options, 6);  // into the second fit
    }
}

// The runner may ask for an estimate after any step, also after the last one of a fit.
TEST(FactorNetworksMethod, HasAnEstimateBetweenFits) {
    Dice dice(10);
    const Form& form = forms[0];
    Problem<double> problem = problem_on(random_partition(dice, form.shape), form.axes, 0.67);
    problem.noise = gaussian(0.2);
    FactorNetworksOptions options = free_options(form.contraction, 3);
    options.generator.kind = GeneratorKind::skip_network;
    options.generator.channels = 4;
    options.validation = Validation::automatic;
    options.restarts = 2;
    options.refit = true;
    FactorNetworksMethod<double> method(problem, options, 3);
    while (!method.finished()) {
        method.step();
        EXPECT_ALL_RANKS(norm(method.estimate()) > 0.0);
    }
}

TEST(FactorNetworksMethod, FactorsAndWeightsMakeTheEstimate) {
    const Form& form = forms[5];
    Dice dice(10);
    const Problem<double> problem = problem_on(random_partition(dice, form.shape), form.axes);
    FactorNetworksMethod<double> method(problem, free_options(form.contraction, 5), 3);
    run(method);
    std::vector<std::vector<double>> whole;
    for (const Factor& factor : method.factors()) {
        std::vector<double> values(static_cast<std::size_t>(factor.place.shape.product()), 0.0);
        for_each_position(factor.place.box, [&](const Extents& at, Index offset) {
            values[static_cast<std::size_t>(row_major_offset(at, factor.place.shape))] =
                factor.values[static_cast<std::size_t>(offset)];
        });
        Communicator::world().sum_in_place(values.data(), static_cast<Index>(values.size()));
        whole.push_back(values);
    }
    ASSERT_ALL_RANKS(whole.size() == 5);
    std::vector<double> expected;
    for (Index i = 0; i < form.shape.product(); ++i) {
        const Extents at = row_major_position(i, form.shape);
        double sum = 0.0;
        for (Index r = 0; r < 2; ++r) {
            double product = whole[3][static_cast<std::size_t>(r)];
            for (int mode = 0; mode < 3; ++mode) {
                product *= whole[static_cast<std::size_t>(mode)]
                                [static_cast<std::size_t>(at[mode] * 2 + r)];
            }
            sum += product;
        }
        expected.push_back(sum);
    }
    EXPECT_NEAR_ALL_RANKS(distance(method, expected), 0.0, 1e-12);
}

// Many nonnegative products add up, and the model must not start at many times the data.
TEST(FactorNetworksMethodOneRank, NonnegativeNetworksStartAtTheSizeOfTheData) {
    const Extents shape = {20, 16};
    const std::vector<double> entries(static_cast<std::size_t>(shape.product()), 5.0);
    Dice dice(13);
    const Problem<double> problem = problem_of(entries, random_partition(dice, shape), {"a", "b"});
    for (const OutputActivation activation :
         {OutputActivation::softplus, OutputActivation::absolute, OutputActivation::relu}) {
        FactorNetworksOptions options;
        options.rank = 64;
        options.generator.channels = 8;
        options.generator.activation = activation;
        options.validation = Validation::none;
        FactorNetworksMethod<double> method(problem, options, 3);
        method.step();
        const double mean_square_error = method.report()[0].second;
        EXPECT_ALL_RANKS(mean_square_error < 4.0 * 25.0) << mean_square_error;
    }
}

// A fit ends at the target of the discrepancy principle, and the fixed count does not stop early.
TEST(FactorNetworksMethodOneRank, DiscrepancyStopsAtTheNoise) {
    const Extents shape = {30, 20};
    std::vector<double> entries = low_rank_entries(shape, 2, 5);
    const Random random(8, 1);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i] += 0.3 * random.normal(static_cast<Index>(i));
    }
    Dice dice(11);
    Problem<double> problem = problem_of(entries, random_partition(dice, shape), {"a", "b"});
    problem.noise = gaussian(0.3);
    FactorNetworksOptions options = free_options(Contraction::matrix, 3000);
    options.rank = 10;
    options.validation = Validation::discrepancy;
    FactorNetworksMethod<double> method(problem, options, 3);
    double before = 1e300;
    while (!method.finished()) {
        before = method.steps_done() > 0 ? method.report()[0].second : before;
        method.step();
    }
    EXPECT_ALL_RANKS(method.steps_done() < 3000);
    EXPECT_ALL_RANKS(method.report()[0].second <= 0.09);
    EXPECT_ALL_RANKS(before > 0.09);
}

// The answer is the running mean of the factors, so that is what held-out entries judge.
TEST(FactorNetworksMethod, ARunningMeanIsJudgedByItself) {
    Dice dice(13);
    const Form& form = forms[5];
    for (const double share : {1.0, 0.05}) {  // all entries, and a list of few
        const Problem<double> problem =
            problem_on(random_partition(dice, form.shape), form.axes, share);
        FactorNetworksOptions options = free_options(form.contraction, 20);
        options.learning_rate = 0.3;
        options.validation = Validation::held_out;
        options.validation_share = 0.4;
        options.average = 0.9;
        FactorNetworksMethod<double> method(problem, options, 3);
        for (int step = 0; step < 5; ++step) {
            method.step();
        }
        const FitObservation<double> seen(problem, FitObservation<double>::Judge::held_out, 0.6, 3);
        const DenseTensor<double> estimate = method.estimate();
        const auto found = to_host(estimate.block());
        double sum = 0.0;
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (static_cast<EntryRole>(seen.data().roles[i]) == EntryRole::held_out) {
                sum += std::pow(found[i] - seen.data().values[i], 2);
            }
        }
        Communicator::world().sum_in_place(&sum, 1);
        EXPECT_NEAR_ALL_RANKS(method.report()[2].second, sum / seen.validation_count(), 1e-12);
    }
}

// Free factors whose rows pass an activation: one factor is nonnegative, the other needs both
// signs.
TEST(FactorNetworksMethod, SemiNonnegativeModelsFitDataOfBothSigns) {
    const Extents shape = {9, 7};
    const Random random(4, 1);
    std::vector<double> entries(static_cast<std::size_t>(shape.product()), 0.0);
    for (Index i = 0; i < shape.product(); ++i) {
        for (Index r = 0; r < 2; ++r) {
            entries[static_cast<std::size_t>(i)] +=
                random.normal(i / 7 + 100 * r) * random.uniform(1000 + i % 7 + 100 * r);
        }
    }
    Dice dice(14);
    FactorNetworksOptions options = patient_options(Contraction::matrix);
    options.generator.activation = OutputActivation::absolute;
    options.any_sign = {"a"};
    options.steps = 1500;
    const Problem<double> problem = problem_of(entries, random_partition(dice, shape), {"a", "b"});
    FactorNetworksMethod<double> method(problem, options, 3);
    run(method);
    EXPECT_ALL_RANKS(distance(method, entries) < 0.01);
    const auto negative = [&](std::size_t factor) {
        const std::vector<double> values = method.factors()[factor].values;
        return Communicator::world().any(
            std::any_of(values.begin(), values.end(), [](double value) { return value < 0.0; }));
    };
    EXPECT_ALL_RANKS(negative(0));
    EXPECT_ALL_RANKS(!negative(1));
}

std::string complaint(const Problem<double>& problem, const FactorNetworksOptions& options) {
    try {
        FactorNetworksMethod<double> method(problem, options, 3);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

TEST(FactorNetworksMethod, WhatDoesNotFitTheProblemIsNamed) {
    Dice dice(12);
    const Form& form = forms[0];
    Problem<double> problem = problem_on(random_partition(dice, form.shape), form.axes);
    FactorNetworksOptions options = free_options(form.contraction, 5);
    options.loss = EntryLoss::Kind::poisson;
    EXPECT_ALL_RANKS(complaint(problem, options) ==
                     "method.loss = \"poisson\" needs to know how many counts a value stands for: "
                     "state data.noise = \"poisson\" with data.noise_peak");
    options.loss = EntryLoss::Kind::squares;
    options.validation = Validation::discrepancy;
    EXPECT_ALL_RANKS(complaint(problem, options) ==
                     "method.validation = \"discrepancy\" needs a known noise level: state "
                     "data.noise and its level");
    options.validation = Validation::held_out;
    std::vector<std::uint8_t> none(static_cast<std::size_t>(form.shape.product()), 0);
    problem.mask = tensor_of(none, problem.observation.partition());
    EXPECT_ALL_RANKS(complaint(problem, options) ==
                     "of 0 observed entries method factor_networks would fit 0 and hold out 0, but "
                     "it needs some of both: change method.validation_share, or use another "
                     "method.validation");
}

}  // namespace
}  // namespace tessera
