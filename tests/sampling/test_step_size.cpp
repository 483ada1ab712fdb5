// Adaptation of a step size against acceptance rates that are known functions of it.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tessera/sampling/random_sequence.hpp"
#include "tessera/sampling/step_size.hpp"

namespace tessera {
namespace {

TEST(StepSizeOneRank, FindsTheStepOfTheTarget) {
    // Acceptance exp(-step): 0.574 at -log 0.574; single noisy outcomes around it.
    for (const double first : {1e-3, 1.0, 1e3}) {
        StepSize step(first, 0.574);
        RandomSequence random(1, 0, 0, 0);
        for (int i = 0; i < 20'000; ++i) {
            step.adapt(random.uniform() < std::exp(-step.value()) ? 1.0 : 0.0);
        }
        EXPECT_NEAR(std::exp(-step.value()), 0.574, 0.03);
    }
}

TEST(StepSizeOneRank, ShrinksWhenAnAcceptanceIsNotANumber) {
    StepSize step(1.0, 0.574);
    step.adapt(std::numeric_limits<double>::quiet_NaN());
    EXPECT_LT(step.value(), 1.0);
    EXPECT_GT(step.value(), 0.0);
}

}  // namespace
}  // namespace tessera
