// Step sizes at chosen steps against the formulas, worked out by hand.

#include <gtest/gtest.h>

#include "tessera/network/learning_rate_schedule.hpp"

namespace tessera {
namespace {

TEST(LearningRateScheduleOneRank, FixedNeverChanges) {
    const LearningRateSchedule schedule({.step_size = 0.3});
    EXPECT_EQ(schedule.at(0), 0.3);
    EXPECT_EQ(schedule.at(1000000), 0.3);
}

TEST(LearningRateScheduleOneRank, StepsDropAfterEachPeriod) {
    const LearningRateSchedule schedule(
        {.kind = ScheduleKind::step, .step_size = 2.0, .factor = 0.5, .period = 10});
    EXPECT_EQ(schedule.at(9), 2.0);
    EXPECT_EQ(schedule.at(10), 1.0);
    EXPECT_EQ(schedule.at(39), 0.25);
}

TEST(LearningRateScheduleOneRank, ExponentialDropsAfterEachStep) {
    const LearningRateSchedule schedule(
        {.kind = ScheduleKind::exponential, .step_size = 8.0, .factor = 0.5});
    EXPECT_DOUBLE_EQ(schedule.at(3), 1.0);
}

TEST(LearningRateScheduleOneRank, CosineRisesFallsAndStartsAgainLower) {
    const LearningRateSchedule schedule({.kind = ScheduleKind::cosine,
                                         .step_size = 1.0,
                                         .factor = 0.5,
                                         .period = 200,
                                         .warm_up = 50,
                                         .least = 0.2});
    EXPECT_DOUBLE_EQ(schedule.at(0), 0.2);
    EXPECT_DOUBLE_EQ(schedule.at(25), 0.6);   // half-way up
    EXPECT_DOUBLE_EQ(schedule.at(50), 1.0);   // peak
    EXPECT_DOUBLE_EQ(schedule.at(125), 0.6);  // half-way down
    EXPECT_DOUBLE_EQ(schedule.at(200), 0.2);
    EXPECT_DOUBLE_EQ(schedule.at(250), 0.5);  // the second peak is lower
}

}  // namespace
}  // namespace tessera
