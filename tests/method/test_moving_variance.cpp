#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "all_ranks.hpp"
#include "svd_problems.hpp"
#include "tessera/method/factor_networks/backtracking_guard.hpp"
#include "tessera/method/factor_networks/moving_variance.hpp"

namespace tessera {
namespace {

using namespace test_support;

// ema <- ema + a (x - ema), emv <- (1 - a) (emv + a |x - old ema|^2), a = 0.1, over the whole
// tensor: small ones are taken whole.
TEST(MovingVariance, IsTheExponentiallyWeightedVariance) {
    Dice dice(3);
    const Extents shape = {9, 7, 5};
    const Partition partition = random_partition(dice, shape);
    MovingVariance moving(partition, 4);
    const auto entries = static_cast<std::size_t>(shape.product());
    EXPECT_ALL_RANKS(Communicator::world().sum(static_cast<Index>(moving.offsets().size())) ==
                     shape.product());
    std::vector<double> mean;
    double variance = 0.0;
    for (std::uint64_t state = 0; state < 12; ++state) {
        const auto values = random_entries<double>(shape.product(), state);
        const auto own_block = box_of(values, shape, partition.box());
        std::vector<double> own;
        for (const Index offset : moving.offsets()) {
            own.push_back(own_block[static_cast<std::size_t>(offset)]);
        }
        const double distance = Communicator::world().sum(moving.distance(own));
        const double actual = moving.update(own, distance);
        if (mean.empty()) {
            mean = values;
        } else {
            double expected = 0.0;
            for (std::size_t i = 0; i < entries; ++i) {
                expected += std::pow(values[i] - mean[i], 2) / static_cast<double>(entries);
                mean[i] += 0.1 * (values[i] - mean[i]);
            }
            variance = 0.9 * (variance + 0.1 * expected);
        }
        EXPECT_NEAR_ALL_RANKS(actual, variance, 1e-13);
    }
}

TEST(MovingVariance, SamplesLargeTensorsAlikeOnAnyGrid) {
    Dice dice(5);
    const Extents shape = {300, 400};
    const Partition partition = random_partition(dice, shape);
    const MovingVariance moving(partition, 4);
    const Communicator self = Communicator::world().split(own_rank(), 0);
    const MovingVariance whole(Partition(shape, ProcessGrid(self, {1, 1})), 4);
    const auto own = static_cast<Index>(moving.offsets().size());
    EXPECT_ALL_RANKS(Communicator::world().sum(own) == static_cast<Index>(whole.offsets().size()));
    // So many of 120000 entries, evenly: a rank's share is that of its block.
    const double share = static_cast<double>(partition.box().size()) / 120000.0;
    EXPECT_NEAR_ALL_RANKS(static_cast<double>(own), 65536.0 * share,
                          6.0 * std::sqrt(65536.0 * share + 1.0));
}

using Advice = BacktrackingGuard::Advice;

TEST(BacktrackingGuardOneRank, KeepsTheBestAndGoesBackFromAPeak) {
    BacktrackingGuard guard(4.0);
    EXPECT_EQ(guard.judge(100.0), Advice::keep);
    for (int step = 1; step < 10; ++step) {
        EXPECT_EQ(guard.judge(100.0 - step), Advice::go_on);
    }
    EXPECT_EQ(guard.judge(50.0), Advice::keep);
    EXPECT_EQ(guard.judge(199.0), Advice::go_on);
    EXPECT_EQ(guard.judge(201.0), Advice::go_back);
    EXPECT_EQ(guard.step_scale(), 0.5);
    guard.begin_again(51.0);
    EXPECT_EQ(guard.judge(std::numeric_limits<double>::quiet_NaN()), Advice::go_back);
    EXPECT_EQ(guard.step_scale(), 0.25);
    // At the bottom of an exact fit, rises mean nothing.
    guard.begin_again(1e-9);
    EXPECT_EQ(guard.judge(1e-3), Advice::go_on);
    BacktrackingGuard never(0.0);
    EXPECT_EQ(never.judge(1.0), Advice::go_on);
    EXPECT_EQ(never.judge(1e9), Advice::go_on);
}

}  // namespace
}  // namespace tessera
