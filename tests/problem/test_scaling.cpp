#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "../support/all_ranks.hpp"
#include "../tensor/test_tensors.hpp"
#include "tessera/base/error.hpp"
#include "tessera/problem/scaling.hpp"

namespace tessera {
namespace {

using namespace test_support;

/// Smallest and largest observed entry of every slice of a mode (of all for -1), by plain loops.
void naive_extrema(const std::vector<double>& values, const std::vector<std::uint8_t>& observed,
                   const Extents& shape, int mode, std::vector<double>& low,
                   std::vector<double>& high) {
    low.assign(static_cast<std::size_t>(mode < 0 ? 1 : shape[mode]), INFINITY);
    high.assign(low.size(), -INFINITY);
    for (Index i = 0; i < shape.product(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (observed[at] != 0) {
            const Index slice = mode < 0 ? 0 : row_major_position(i, shape)[mode];
            double& least = low[static_cast<std::size_t>(slice)];
            double& most = high[static_cast<std::size_t>(slice)];
            least = std::min(least, values[at]);
            most = std::max(most, values[at]);
        }
    }
}

template <typename T>
void expect_scaling(double tolerance) {
    Dice dice(12);
    for (int round = 0; round < 30; ++round) {
        const int order = static_cast<int>(dice.between(1, 4));
        const Extents shape = random_shape(dice, order, 2000);
        const Partition partition = random_partition(dice, shape);
        const auto mode = static_cast<int>(dice.between(0, order - 1));
        const std::vector<T> values =
            random_entries<T>(shape.product(), static_cast<std::uint64_t>(round), 50.0);
        const std::vector<double> wide(values.begin(), values.end());
        std::vector<std::uint8_t> observed(values.size(), 1);
        const bool masked = dice.coin();
        for (std::size_t i = 0; masked && i < observed.size(); i += 3) {
            observed[i] = observed.size() > 3 ? 0 : 1;
        }
        std::optional<Mask> mask;
        if (masked) {
            mask = tensor_of(observed, partition);
        }
        for (const ScalingKind kind : {ScalingKind::min_max, ScalingKind::band_min_max}) {
            const int by = kind == ScalingKind::band_min_max ? mode : -1;
            std::vector<double> low;
            std::vector<double> high;
            naive_extrema(wide, observed, shape, by, low, high);
            const auto tensor = tensor_of(values, partition);
            const Scaling scaling = Scaling::fit(kind, tensor, mode, mask);
            bool right = scaling.offset.size() == low.size();
            for (std::size_t slice = 0; right && slice < low.size(); ++slice) {
                const bool seen = low[slice] <= high[slice];
                right = scaling.offset[slice] == (seen ? low[slice] : 0.0) &&
                        scaling.factor[slice] ==
                            (low[slice] < high[slice] ? high[slice] - low[slice] : 1.0);
            }
            ASSERT_ALL_RANKS(right) << shape.to_string();

            scaling.apply(tensor, mask);
            std::vector<T> expected = values;
            for (Index i = 0; i < shape.product(); ++i) {
                const auto at = static_cast<std::size_t>(i);
                const auto slice =
                    static_cast<std::size_t>(by < 0 ? 0 : row_major_position(i, shape)[by]);
                if (observed[at] != 0) {
                    expected[at] =
                        static_cast<T>((wide[at] - scaling.offset[slice]) / scaling.factor[slice]);
                }
            }
            EXPECT_ALL_RANKS(holds(tensor, expected)) << shape.to_string();
            scaling.undo(tensor, mask);
            const std::vector<T> back = to_host(tensor.block());
            const std::vector<T> own = box_of(values, shape, partition.box());
            bool near = true;
            for (std::size_t i = 0; i < back.size(); ++i) {
                near = near && std::abs(static_cast<double>(back[i] - own[i])) <= tolerance;
            }
            EXPECT_ALL_RANKS(near);
        }
    }
}

TEST(Scaling, MinMaxAgreesWithPlainLoopsAndIsUndone) {
    // One rounding of a value up to 100 (scaled) and one of the way back.
    expect_scaling<double>(1e-13);
    expect_scaling<float>(2e-5);
}

TEST(Scaling, Maximum) {
    const Partition partition({2, 3}, ProcessGrid(Communicator::world(), {rank_count(), 1}));
    const auto tensor = tensor_of<double>({1, -8, 3, 4, 2, 0}, partition);
    const Scaling scaling = Scaling::fit(ScalingKind::maximum, tensor, 1);
    scaling.apply(tensor);
    EXPECT_ALL_RANKS(holds<double>(tensor, {0.25, -2, 0.75, 1, 0.5, 0}));
    EXPECT_ALL_RANKS(scaling.describe() == "max: v / 4");
}

TEST(Scaling, NoneLeavesTheBits) {
    const Partition partition({4}, ProcessGrid(Communicator::world(), {rank_count()}));
    const auto tensor = tensor_of<float>({1, 2, 3, -4}, partition);
    const Scaling scaling = Scaling::fit(ScalingKind::none, tensor, 0);
    scaling.apply(tensor);
    scaling.undo(tensor);
    EXPECT_ALL_RANKS(holds<float>(tensor, {1, 2, 3, -4}));
}

TEST(Scaling, AConstantBandBecomesZero) {
    const Partition partition({2, 2}, ProcessGrid(Communicator::world(), {1, rank_count()}));
    const auto tensor = tensor_of<double>({5, 1, 5, 3}, partition);
    Scaling::fit(ScalingKind::band_min_max, tensor, 1).apply(tensor);
    EXPECT_ALL_RANKS(holds<double>(tensor, {0, 0, 0, 1}));
}

TEST(Scaling, RefusesWhatCannotBeScaled) {
    const Partition partition({2}, ProcessGrid(Communicator::world(), {rank_count()}));
    const auto tensor = tensor_of<double>({-1, 0}, partition);
    EXPECT_THROW((void)Scaling::fit(ScalingKind::maximum, tensor, 0), UsageError);
    EXPECT_THROW((void)Scaling::fit(ScalingKind::band_min_max, tensor, -1), UsageError);
}

}  // namespace
}  // namespace tessera
