#include <gtest/gtest.h>

#include <numeric>

#include "all_ranks.hpp"
#include "random_layout.hpp"
#include "tessera/parallel/uneven_partition.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

TEST(UnevenPartition, OfAnOrdinaryPartitionHasItsBoxes) {
    Dice dice(121);
    const Communicator& world = Communicator::world();
    for (int trial = 0; trial < 24; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 4000);
        const Partition even(shape,
                             ProcessGrid(world, random_grid(dice, shape.order(), world.size())));
        const UnevenPartition uneven(even);
        for (int rank = 0; rank < world.size(); ++rank) {
            ASSERT_ALL_RANKS(uneven.box(rank).shape() == even.box(rank).shape());
            ASSERT_ALL_RANKS(uneven.box(rank).begin == even.box(rank).begin);
        }
    }
}

TEST(UnevenPartition, FindsThePartOfAPosition) {
    const Communicator& world = Communicator::world();
    const Extents dims{1, world.size()};
    std::vector<Index> cuts = {0};
    for (Index part = 1; part <= world.size(); ++part) {
        cuts.push_back(part * part);  // parts of 1, 3, 5, ... slices
    }
    const UnevenPartition partition({4, cuts.back()}, ProcessGrid(world, dims), {{0, 4}, cuts});
    for (Index position = 0; position < cuts.back(); ++position) {
        const Index part = partition.part(1, position);
        EXPECT_ALL_RANKS(part * part <= position && position < (part + 1) * (part + 1));
    }
    const Box box = partition.box();
    EXPECT_ALL_RANKS(box.end[1] - box.begin[1] == 2 * world.rank() + 1);
}

TEST(BalancedCutsOneRank, GiveEachPartItsShareUpToOneSlice) {
    Dice dice(122);
    for (int trial = 0; trial < 200; ++trial) {
        const Index extent = dice.between(1, 60);
        const Index parts = dice.between(1, 8);
        std::vector<Index> weights;
        for (Index i = 0; i < extent; ++i) {
            weights.push_back(dice.between(0, 3) == 0 ? dice.between(0, 100) : dice.between(0, 3));
        }
        const std::vector<Index> cuts = balanced_cuts(weights, 1, extent, parts);
        ASSERT_EQ(static_cast<Index>(cuts.size()), parts + 1);
        ASSERT_EQ(cuts.front(), 0);
        ASSERT_EQ(cuts.back(), extent);
        const Index total = std::accumulate(weights.begin(), weights.end(), Index{0});
        const Index heaviest = *std::max_element(weights.begin(), weights.end());
        for (std::size_t part = 0; part + 1 < cuts.size(); ++part) {
            const bool enough_slices = extent >= parts;
            ASSERT_GE(cuts[part + 1] - cuts[part], enough_slices ? 1 : 0);
            const Index weight = std::accumulate(weights.begin() + cuts[part],
                                                 weights.begin() + cuts[part + 1], Index{0});
            // Each of the two cuts is at most half a slice off, unless parts had to get a slice.
            if (cuts[part + 1] - cuts[part] > 1) {
                ASSERT_LE(static_cast<double>(weight),
                          static_cast<double>(total) / static_cast<double>(parts) +
                              static_cast<double>(heaviest) + 1e-9);
            }
        }
    }
}

TEST(BalancedCutsOneRank, WithoutWeightAreEven) {
    EXPECT_EQ(balanced_cuts({0, 0, 0}, 4, 10, 3), (std::vector<Index>{0, 4, 7, 10}));
}

TEST(BalancedCutsOneRank, FallBetweenWideBins) {
    EXPECT_EQ(balanced_cuts({5, 5, 5, 5}, 10, 37, 2), (std::vector<Index>{0, 20, 37}));
    // All the weight in the last bin: the first cut lies before it, the second behind it, less the
    // one position that the last part must get.
    EXPECT_EQ(balanced_cuts({0, 0, 9}, 10, 30, 3), (std::vector<Index>{0, 20, 29, 30}));
}

}  // namespace
