#include <gtest/gtest.h>

#include <array>

#include "tessera/base/error.hpp"
#include "tessera/problem/axis_roles.hpp"

namespace tessera {
namespace {

std::array<int, 4> roles(const std::vector<std::string>& axes, int order) {
    const AxisRoles found = axis_roles(axes, order);
    return {found.rows, found.cols, found.bands, found.views};
}

using Roles = std::array<int, 4>;

TEST(AxisRolesOneRank, NamedAxesWhereverTheyAre) {
    EXPECT_EQ(roles({"rows", "cols", "bands"}, 3), (Roles{0, 1, 2, 0}));
    EXPECT_EQ(roles({"bands", "rows", "cols"}, 3), (Roles{1, 2, 0, 0}));
    EXPECT_EQ(roles({"Wavelength", "Y", "X"}, 3), (Roles{1, 2, 0, 0}));
    EXPECT_EQ(roles({"rows", "views", "cols"}, 3), (Roles{0, 2, -1, 1}));
    EXPECT_EQ(roles({"time", "rows", "cols", "bands"}, 4), (Roles{1, 2, 3, 0}));
}

TEST(AxisRolesOneRank, UnnamedAxesFromTheirOrder) {
    EXPECT_EQ(roles({}, 1), (Roles{-1, -1, 0, 0}));
    EXPECT_EQ(roles({}, 2), (Roles{-1, 0, 1, 0}));
    EXPECT_EQ(roles({}, 3), (Roles{0, 1, 2, 0}));
    EXPECT_EQ(roles({}, 4), (Roles{0, 2, 3, 0}));
    EXPECT_EQ(roles({"a", "b", "bands"}, 3), (Roles{0, 1, 2, 0}));
}

TEST(AxisRolesOneRank, ASingleImageHasNoBands) {
    EXPECT_EQ(roles({"rows", "cols"}, 2), (Roles{0, 1, -1, 0}));
    EXPECT_EQ(axis_roles({"rows", "cols"}, 2).band_count({4, 5}), 1);
    EXPECT_EQ(axis_roles({}, 3).band_count({4, 5, 6}), 6);
}

TEST(AxisRolesOneRank, ModeByNameOrNumber) {
    const std::vector<std::string> axes = {"rows", "cols", "bands"};
    EXPECT_EQ(mode_by_name("cols", axes, 3, "key"), 1);
    EXPECT_EQ(mode_by_name("2", axes, 3, "key"), 2);
    EXPECT_THROW((void)mode_by_name("3", axes, 3, "key"), UsageError);
    EXPECT_THROW((void)mode_by_name("band", axes, 3, "key"), UsageError);
    EXPECT_THROW((void)mode_by_name("", {}, 3, "key"), UsageError);
}

}  // namespace
}  // namespace tessera
