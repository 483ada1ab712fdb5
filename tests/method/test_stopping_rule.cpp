#include <gtest/gtest.h>

#include <cmath>

#include "svd_problems.hpp"
#include "tessera/method/factor_networks/stopping_rule.hpp"

namespace tessera {
namespace {

using namespace test_support;
using Kind = StoppingOptions::Kind;

StoppingOptions options_of(Kind kind, Index maximum_steps, Index patience, double smoothing) {
    StoppingOptions options;
    options.kind = kind;
    options.maximum_steps = maximum_steps;
    options.patience = patience;
    options.smoothing = smoothing;
    return options;
}

/// Falls until step 20, then rises.
double valley(Index step) { return 1.0 + std::abs(static_cast<double>(step) - 20.0) / 20.0; }

TEST(StoppingRuleOneRank, EndsPatienceStepsAfterTheMinimum) {
    StoppingRule rule(options_of(Kind::minimum, 1000, 7, 0.0));
    Index step = 0;
    for (; !rule.finished(); ++step) {
        EXPECT_EQ(rule.judge(valley(step)), step <= 20);
    }
    EXPECT_EQ(step, 28);
    EXPECT_EQ(rule.best_step(), 20);
    EXPECT_EQ(rule.best(), 1.0);
    EXPECT_TRUE(rule.met());
}

// The running mean is that of the last figures with weights 0.8^age, from the first one on.
TEST(StoppingRuleOneRank, SmoothsWithoutABiasAtTheBeginning) {
    StoppingRule rule(options_of(Kind::minimum, 1000, 1000, 0.8));
    std::vector<double> figures;
    for (Index step = 0; step < 40; ++step) {
        figures.push_back(5.0 - std::sqrt(static_cast<double>(step)));
        EXPECT_TRUE(rule.judge(figures.back()));
        double sum = 0.0;
        double weights = 0.0;
        for (std::size_t age = 0; age < figures.size(); ++age) {
            const double weight = std::pow(0.8, static_cast<double>(age));
            sum += weight * figures[figures.size() - 1 - age];
            weights += weight;
        }
        EXPECT_NEAR(rule.best(), sum / weights, 1e-13);
    }
}

TEST(StoppingRuleOneRank, IgnoresTheBeginningWhereTold) {
    StoppingOptions options = options_of(Kind::minimum, 1000, 5, 0.0);
    options.ignored_steps = 10;
    StoppingRule rule(options);
    for (Index step = 0; !rule.finished(); ++step) {
        rule.judge(step < 10 ? 0.0 : valley(step));
    }
    EXPECT_EQ(rule.best_step(), 20);
}

TEST(StoppingRuleOneRank, EndsAtTheTargetOrTheLastStep) {
    StoppingOptions options = options_of(Kind::target, 100, 1, 0.0);
    options.target = 1.5;
    StoppingRule reached(options);
    Index steps = 0;
    for (; !reached.finished(); ++steps) {
        reached.judge(valley(steps));
    }
    EXPECT_EQ(steps, 11);
    EXPECT_TRUE(reached.met());

    options.target = 0.5;
    StoppingRule missed(options);
    for (steps = 0; !missed.finished(); ++steps) {
        missed.judge(valley(steps));
    }
    EXPECT_EQ(steps, 100);
    EXPECT_FALSE(missed.met());

    StoppingRule counted(options_of(Kind::count, 30, 1, 0.0));
    for (steps = 0; !counted.finished(); ++steps) {
        counted.judge(valley(steps));
    }
    EXPECT_EQ(counted.best_step(), 29);
    EXPECT_TRUE(counted.met());
}

TEST(StoppingRuleOneRank, GoesOnFromASavedState) {
    const StoppingOptions options = options_of(Kind::minimum, 1000, 9, 0.9);
    StoppingRule whole(options);
    StoppingRule half(options);
    for (Index step = 0; step < 15; ++step) {
        whole.judge(valley(step));
        half.judge(valley(step));
    }
    MemoryArchive archive;
    half.serialise(archive);
    archive.rewind_for_loading();
    StoppingRule other(options);
    other.serialise(archive);
    for (Index step = 15; !whole.finished(); ++step) {
        EXPECT_EQ(whole.judge(valley(step)), other.judge(valley(step)));
    }
    EXPECT_TRUE(other.finished());
    EXPECT_EQ(other.best_step(), whole.best_step());
}

}  // namespace
}  // namespace tessera
