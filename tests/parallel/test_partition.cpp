#include <gtest/gtest.h>

#include "random_layout.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/partition.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

TEST(BlockRangeOneRank, PartsAreContiguousEvenAndComplete) {
    for (Index count = 0; count <= 23; ++count) {
        for (Index parts = 1; parts <= 30; ++parts) {
            Index end = 0;
            for (Index part = 0; part < parts; ++part) {
                const Range range = block_range(count, parts, part);
                EXPECT_EQ(range.begin, end);
                EXPECT_GE(range.size(), count / parts);
                EXPECT_LE(range.size(), (count + parts - 1) / parts);
                end = range.end;
            }
            EXPECT_EQ(end, count);
        }
    }
}

TEST(BlockRangeOneRank, BeyondThirtyTwoBits) {
    const Index count = 6'000'000'000'007;
    EXPECT_EQ(block_range(count, 5, 0).end, block_range(count, 5, 1).begin);
    EXPECT_EQ(block_range(count, 5, 4).end, count);
}

TEST(Partition, EveryEntryHasExactlyOneOwner) {
    Dice dice(31);
    const Communicator& world = Communicator::world();
    for (int trial = 0; trial < 60; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 2000);
        const Partition partition(
            shape, ProcessGrid(world, random_grid(dice, shape.order(), world.size())));
        std::vector<int> owners(shape.product(), 0);
        for (int rank = 0; rank < world.size(); ++rank) {
            for_each_position(partition.box(rank), [&](const Extents& position, Index /*offset*/) {
                ++owners[row_major_offset(position, shape)];
            });
        }
        EXPECT_EQ(owners, std::vector<int>(shape.product(), 1)) << shape.to_string();
        EXPECT_EQ(partition.box(), partition.box(world.rank()));
    }
}

TEST(Partition, ComparesShapeAndGrid) {
    const Communicator& world = Communicator::world();
    const Index ranks = world.size();
    const Partition one({4, 6}, ProcessGrid(world, {ranks, 1}));
    EXPECT_EQ(one, Partition({4, 6}, ProcessGrid(world, {ranks, 1})));
    EXPECT_FALSE(one == Partition({4, 7}, ProcessGrid(world, {ranks, 1})));
    if (ranks > 1) {
        EXPECT_FALSE(one == Partition({4, 6}, ProcessGrid(world, {1, ranks})));
    }
}

TEST(Partition, GridOfAnotherOrderIsTheUsersFault) {
    const Communicator& world = Communicator::world();
    const std::string ranks = std::to_string(world.size());
    try {
        const Partition partition({4, 5, 6}, ProcessGrid(world, {world.size(), 1}));
        ADD_FAILURE() << "no error";
    } catch (const UsageError& error) {
        EXPECT_EQ(std::string(error.what()),
                  "parallel.grid is " + ranks +
                      " x 1 (2 entries), but the tensor is 4 x 5 x 6 (3 modes): give one entry per "
                      "mode, or leave parallel.grid out");
    }
}

}  // namespace
