#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "corruption_cases.hpp"
#include "tessera/base/error.hpp"
#include "tessera/problem/line_corruptions.hpp"

namespace tessera {
namespace {

using namespace test_support;

// Bands first and rows last, so that nothing depends on the usual order.
const Extents shape = {20, 60, 15};
const std::vector<std::string> axes = {"bands", "cols", "rows"};

double at(const std::vector<double>& values, Index band, Index col, Index row) {
    return values[static_cast<std::size_t>((band * shape[1] + col) * shape[2] + row)];
}

std::vector<double> clean_values() {
    std::vector<double> values = random_entries<double>(shape.product(), 5);
    for (double& value : values) {
        value += 3.0;
    }
    return values;
}

/// What a column was shifted by; fails unless all its rows were shifted by the same.
double column_shift(const std::vector<double>& clean, const std::vector<double>& result, Index band,
                    Index col) {
    const double shift = at(result, band, col, 0) - at(clean, band, col, 0);
    for (Index row = 1; row < shape[2]; ++row) {
        EXPECT_NEAR(at(result, band, col, row) - at(clean, band, col, row), shift, 1e-14);
    }
    return shift;
}

/// Columns of a band that are zero; fails where a column is zero in part or changed otherwise.
std::set<Index> zero_columns_of(const std::vector<double>& clean, const std::vector<double>& result,
                                Index band) {
    std::set<Index> zero;
    for (Index col = 0; col < shape[1]; ++col) {
        Index zeros = 0;
        for (Index row = 0; row < shape[2]; ++row) {
            const double y = at(result, band, col, row);
            zeros += y == 0.0 ? 1 : 0;
            EXPECT_TRUE(y == 0.0 || y == at(clean, band, col, row));
        }
        EXPECT_TRUE(zeros == 0 || zeros == shape[2]);
        if (zeros > 0) {
            zero.insert(col);
        }
    }
    return zero;
}

TEST(LineCorruptionsOneRank, DeadlinesInTheListedBandsOnly) {
    const std::vector<double> clean = clean_values();
    const auto noise = make<DeadlineCorruption>([](auto& c) {
        c.bands = {4, 16};
        c.count = {3, 5};
        c.width = {2, 4};
    });
    const auto result = corrupt_alone<double>({noise}, clean, shape, axes);
    std::set<std::size_t> sizes;
    for (Index band = 0; band < shape[0]; ++band) {
        const std::set<Index> zero = zero_columns_of(clean, result.values, band);
        if (band < 4 || band >= 16) {
            EXPECT_TRUE(zero.empty()) << band;
            continue;
        }
        // 3 to 5 runs of 2 to 4 columns that may overlap.
        EXPECT_GE(zero.size(), 2U) << band;
        EXPECT_LE(zero.size(), 20U) << band;
        for (const Index col : zero) {
            EXPECT_TRUE(zero.count(col - 1) + zero.count(col + 1) > 0) << "a run of one column";
        }
        sizes.insert(zero.size());
    }
    EXPECT_GT(sizes.size(), 2U) << "numbers are not drawn anew for each band";
}

TEST(LineCorruptionsOneRank, DeadlinesReachBothBordersAndAllColumnsAlike) {
    const std::vector<double> clean = clean_values();
    const auto noise = make<DeadlineCorruption>([](auto& c) {
        c.count = {1};
        c.width = {1};
    });
    std::vector<double> hits(60, 0.0);
    constexpr std::uint64_t seeds = 300;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const auto result = corrupt_alone<double>({noise}, clean, shape, axes, seed);
        for (Index band = 0; band < shape[0]; ++band) {
            for (Index col = 0; col < shape[1]; ++col) {
                hits[static_cast<std::size_t>(col)] += at(result.values, band, col, 0) == 0.0;
            }
        }
    }
    // 6000 lines over 60 columns: chi-square of 59 degrees, below 59 + 5 sqrt(118).
    double statistic = 0.0;
    for (const double count : hits) {
        statistic += std::pow(count - 100.0, 2) / 100.0;
    }
    EXPECT_LT(statistic, 59.0 + 5.0 * std::sqrt(118.0));
}

TEST(LineCorruptionsOneRank, StripesShiftDifferentColumnsByAConstant) {
    const std::vector<double> clean = clean_values();
    const auto noise = make<StripeCorruption>([](auto& c) {
        c.bands = {0, 10};
        c.count = {20, 40};
        c.amplitude = 0.25;
    });
    const auto result = corrupt_alone<double>({noise}, clean, shape, axes);
    std::vector<double> shifts;
    for (Index band = 0; band < shape[0]; ++band) {
        Index striped = 0;
        for (Index col = 0; col < shape[1]; ++col) {
            const double shift = column_shift(clean, result.values, band, col);
            if (shift != 0.0) {
                ++striped;
                shifts.push_back(shift);
                EXPECT_LT(std::abs(shift), 0.25);
            }
        }
        EXPECT_GE(striped, band < 10 ? 20 : 0) << band;
        EXPECT_LE(striped, band < 10 ? 40 : 0) << band;
    }
    const SampleMoments moments = sample_moments(shifts);
    const auto count = static_cast<double>(shifts.size());
    EXPECT_NEAR(moments.mean, 0.0, 5 * 0.5 / std::sqrt(12.0 * count));
    EXPECT_NEAR(moments.variance, 0.25 / 12.0, 5 * 0.25 / std::sqrt(180.0 * count));
}

TEST(LineCorruptionsOneRank, ColumnZeroTakesExactlyTheShares) {
    const std::vector<double> clean = clean_values();
    const auto noise = std::make_shared<ColumnZeroCorruption>();
    const auto result = corrupt_alone<double>({noise}, clean, shape, axes);
    Index hit = 0;
    std::set<std::set<Index>> different;
    for (Index band = 0; band < shape[0]; ++band) {
        const std::set<Index> zero = zero_columns_of(clean, result.values, band);
        if (!zero.empty()) {
            ++hit;
            EXPECT_EQ(zero.size(), 6U);
            different.insert(zero);
        }
    }
    EXPECT_EQ(hit, 8);
    EXPECT_GT(different.size(), 6U);
}

TEST(LineCorruptionsOneRank, AnImageIsOneBandAndAVectorHasNoColumns) {
    const std::vector<double> image(40 * 50, 1.0);
    const auto noise = make<DeadlineCorruption>([](auto& c) { c.count = {2}; });
    const auto result = corrupt_alone<double>({noise}, image, {40, 50}, {"rows", "cols"});
    Index zeros = 0;
    for (const double y : result.values) {
        zeros += y == 0.0;
    }
    EXPECT_GT(zeros, 0);
    EXPECT_EQ(zeros % 40, 0);
    EXPECT_THROW((void)corrupt_alone<double>({noise}, image, {2000}, {}), UsageError);
}

}  // namespace
}  // namespace tessera
