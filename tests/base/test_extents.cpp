#include <gtest/gtest.h>

#include <type_traits>

#include "tessera/base/extents.hpp"

namespace {

using namespace tessera;

static_assert(std::is_trivially_copyable_v<Extents>, "kernels capture extents by value");

TEST(ExtentsOneRank, HoldsOneNumberPerMode) {
    const Extents shape{100, 90, 198};
    EXPECT_EQ(shape.order(), 3);
    EXPECT_EQ(shape[2], 198);
    EXPECT_EQ(shape.to_vector(), (std::vector<Index>{100, 90, 198}));
    EXPECT_EQ(shape.to_string(), "100 x 90 x 198");
    EXPECT_EQ(Extents(std::vector<Index>{100, 90, 198}), shape);
    EXPECT_EQ(Extents{}.order(), 0);
    EXPECT_EQ(Extents{}.to_string(), "");
    EXPECT_EQ(Extents::filled(6, 4), (Extents{4, 4, 4, 4, 4, 4}));
}

TEST(ExtentsOneRank, ComparesOrderAndNumbers) {
    EXPECT_FALSE((Extents{2, 3}) == (Extents{2, 4}));
    EXPECT_FALSE((Extents{2, 0}) == (Extents{2}));  // unused modes hold 0 as well
}

TEST(ExtentsOneRank, ProductOfAllOrSomeModes) {
    const Extents shape{2, 3, 5, 7};
    EXPECT_EQ(shape.product(), 210);
    EXPECT_EQ(shape.product(1, 3), 15);
    EXPECT_EQ(shape.product(2, 2), 1);
    EXPECT_EQ(Extents{}.product(), 1);
    EXPECT_EQ((Extents{100000, 100000, 100000}).product(), 1'000'000'000'000'000);
}

TEST(ExtentsDeathOneRank, SevenModesAreAContradiction) {
    GTEST_FLAG_SET(death_test_style, "fast");
    EXPECT_DEATH(Extents::filled(7, 1), "at most 6 modes");
}

TEST(RowMajorOneRank, LastModeRunsFastest) {
    const Extents shape{2, 3, 4};
    Index offset = 0;
    for (Index i = 0; i < 2; ++i) {
        for (Index j = 0; j < 3; ++j) {
            for (Index k = 0; k < 4; ++k) {
                EXPECT_EQ(row_major_offset({i, j, k}, shape), offset);
                EXPECT_EQ(row_major_position(offset, shape), (Extents{i, j, k}));
                ++offset;
            }
        }
    }
}

TEST(RowMajorOneRank, BeyondThirtyTwoBits) {
    const Extents shape{3000, 70000, 50000};
    const Extents position{2999, 69999, 49998};
    EXPECT_EQ(row_major_offset(position, shape), shape.product() - 2);
    EXPECT_EQ(row_major_position(shape.product() - 2, shape), position);
}

TEST(BoxOneRank, ShapeAndSize) {
    EXPECT_EQ((Box{{1, 2, 3}, {4, 4, 4}}.shape()), (Extents{3, 2, 1}));
    EXPECT_EQ((Box{{1, 2, 3}, {4, 4, 4}}.size()), 6);
    EXPECT_EQ((Box{{1, 5}, {4, 4}}.size()), 0);  // the end before the begin: empty
}

TEST(BoxOneRank, IntersectionHoldsWhatIsInBoth) {
    // All pairs of one-dimensional ranges, each against a loop; the modes do not interact.
    for (Index a = 0; a < 5; ++a) {
        for (Index b = a; b < 6; ++b) {
            for (Index c = 0; c < 5; ++c) {
                for (Index d = c; d < 6; ++d) {
                    const Box common = intersection({{a, 7}, {b, 9}}, {{c, 8}, {d, 12}});
                    Index count = 0;
                    for (Index i = 0; i < 6; ++i) {
                        const bool in_both = a <= i && i < b && c <= i && i < d;
                        count += in_both ? 1 : 0;
                        EXPECT_EQ(common.begin[0] <= i && i < common.end[0], in_both);
                    }
                    EXPECT_EQ(common.size(), count);
                    EXPECT_EQ(common.begin[1], 8);
                    EXPECT_EQ(common.end[1], 9);
                }
            }
        }
    }
}

}  // namespace
