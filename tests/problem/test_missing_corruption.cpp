#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "corruption_cases.hpp"
#include "tessera/problem/missing_corruption.hpp"

namespace tessera {
namespace {

using namespace test_support;
using Pattern = MissingCorruption::Pattern;

const Extents shape = {20, 30, 40};
const std::vector<std::string> axes = {"views", "rows", "bands"};

std::shared_ptr<Corruption> missing(Pattern pattern, double keep, const std::string& mode = "") {
    return make<MissingCorruption>([&](auto& c) {
        c.pattern = pattern;
        c.keep = keep;
        c.mode = mode;
    });
}

std::vector<double> ones() { return std::vector<double>(24000, 1.0); }

/// Fails unless entries that differ only in the modes of `together` share their fate; returns how
/// many such units are observed.
Index observed_units(const std::vector<std::uint8_t>& mask, const std::vector<bool>& together) {
    std::set<Index> observed;
    std::set<Index> lost;
    for (Index i = 0; i < shape.product(); ++i) {
        Extents unit = row_major_position(i, shape);
        for (int mode = 0; mode < 3; ++mode) {
            unit[mode] = together[static_cast<std::size_t>(mode)] ? 0 : unit[mode];
        }
        (mask[static_cast<std::size_t>(i)] != 0 ? observed : lost)
            .insert(row_major_offset(unit, shape));
    }
    for (const Index unit : observed) {
        EXPECT_EQ(lost.count(unit), 0U) << "unit " << unit << " is observed in part";
    }
    return static_cast<Index>(observed.size());
}

TEST(MissingCorruptionOneRank, UnitsGoMissingTogetherInTheRightShare) {
    struct Case {
        Pattern pattern;
        std::string mode;
        std::vector<bool> together;
        double units;
        bool exact;
    };
    const std::vector<Case> cases = {
        {Pattern::entries, "", {false, false, false}, 24000, false},
        {Pattern::pixels, "", {false, false, true}, 600, false},
        {Pattern::bands, "", {true, true, false}, 40, true},
        {Pattern::lines, "", {false, true, false}, 800, false},
        {Pattern::fibres, "views", {true, false, false}, 1200, false},
        {Pattern::fibres, "1", {false, true, false}, 800, false},
        {Pattern::views, "", {false, true, true}, 20, true},
    };
    for (const Case& c : cases) {
        const auto result =
            corrupt_alone<double>({missing(c.pattern, 0.3, c.mode)}, ones(), shape, axes);
        const auto units = static_cast<double>(observed_units(result.mask, c.together));
        const double slack = c.exact ? 0.0 : 5.0 * std::sqrt(0.21 * c.units);
        EXPECT_NEAR(units, 0.3 * c.units, slack) << c.units;
        for (std::size_t i = 0; i < result.mask.size(); ++i) {
            ASSERT_EQ(result.values[i], result.mask[i] != 0 ? 1.0 : 0.0);
        }
    }
}

TEST(MissingCorruptionOneRank, MasksIntersect) {
    const auto first = missing(Pattern::entries, 0.5);
    const auto second = missing(Pattern::bands, 0.5);
    const auto both = corrupt_alone<double>({first, second}, ones(), shape, axes);
    const auto alone = corrupt_alone<double>({first}, ones(), shape, axes);
    Index observed = 0;
    for (std::size_t i = 0; i < both.mask.size(); ++i) {
        ASSERT_LE(both.mask[i], alone.mask[i]);
        observed += both.mask[i];
    }
    EXPECT_NEAR(static_cast<double>(observed), 6000.0, 5.0 * std::sqrt(12000 * 0.25));
    ASSERT_EQ(both.remarks.size(), 2U);
    EXPECT_NE(both.remarks[1].find(std::to_string(observed) + " of 24000"), std::string::npos)
        << both.remarks[1];
}

}  // namespace
}  // namespace tessera
