#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "tessera/parallel/communicator.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

template <typename T>
class CommunicatorTest : public ::testing::Test {};
using Numbers =
    ::testing::Types<char, unsigned char, int, std::int64_t, std::uint64_t, float, double>;
TYPED_TEST_SUITE(CommunicatorTest, Numbers);

TYPED_TEST(CommunicatorTest, ReducesElementWise) {
    const Communicator& world = Communicator::world();
    const int ranks = world.size();
    const auto value = [&](int rank, int i) { return static_cast<TypeParam>((rank + i) % ranks); };
    std::vector<TypeParam> sums(5);
    for (int i = 0; i < 5; ++i) {
        sums[i] = value(world.rank(), i);
    }
    std::vector<TypeParam> maxima = sums;
    std::vector<TypeParam> minima = sums;
    world.sum_in_place(sums.data(), 5);
    world.max_in_place(maxima.data(), 5);
    world.min_in_place(minima.data(), 5);
    // Every i meets each of 0..ranks-1 once.
    EXPECT_ALL_RANKS(sums ==
                     std::vector<TypeParam>(5, static_cast<TypeParam>(ranks * (ranks - 1) / 2)));
    EXPECT_ALL_RANKS(maxima == std::vector<TypeParam>(5, static_cast<TypeParam>(ranks - 1)));
    EXPECT_ALL_RANKS(minima == std::vector<TypeParam>(5, TypeParam{0}));
}

TYPED_TEST(CommunicatorTest, BroadcastsFromAnyRank) {
    const Communicator& world = Communicator::world();
    for (int root = 0; root < world.size(); ++root) {
        std::vector<TypeParam> values(3, static_cast<TypeParam>(world.rank() + 1));
        world.broadcast(values.data(), 3, root);
        EXPECT_ALL_RANKS(values == std::vector<TypeParam>(3, static_cast<TypeParam>(root + 1)));
    }
}

TYPED_TEST(CommunicatorTest, GathersInRankOrderOnAllRanks) {
    const Communicator& world = Communicator::world();
    const auto own = static_cast<TypeParam>(2 * world.rank());
    std::vector<TypeParam> expected;
    for (int rank = 0; rank < world.size(); ++rank) {
        expected.push_back(static_cast<TypeParam>(2 * rank));
        expected.push_back(static_cast<TypeParam>(2 * rank + 1));
    }
    EXPECT_ALL_RANKS(
        world.all_gather(std::vector<TypeParam>{own, static_cast<TypeParam>(own + 1)}) == expected);
}

TEST(Communicator, IsADuplicateOfItsSource) {
    const Communicator& world = Communicator::world();
    int relation = MPI_UNEQUAL;
    MPI_Comm_compare(MPI_COMM_WORLD, world.handle(), &relation);
    EXPECT_EQ(relation, MPI_CONGRUENT);  // same ranks, messages kept apart
}

TEST(Communicator, SplitsByColourAndOrdersByKey) {
    const Communicator& world = Communicator::world();
    const Communicator part = world.split(world.rank() % 2, -world.rank());
    std::vector<int> expected;
    for (int rank = world.size() - 1; rank >= 0; --rank) {
        if (rank % 2 == world.rank() % 2) {
            expected.push_back(rank);
        }
    }
    EXPECT_ALL_RANKS(part.all_gather(std::vector<int>{world.rank()}) == expected);
    EXPECT_ALL_RANKS(part.size() == static_cast<int>(expected.size()));
}

TEST(Communicator, AnyIsTrueOnAllWhenTrueOnOne) {
    const Communicator& world = Communicator::world();
    EXPECT_ALL_RANKS(world.any(world.rank() == world.size() - 1));
    EXPECT_ALL_RANKS(!world.any(false));
}

TEST(Communicator, BroadcastsText) {
    const Communicator& world = Communicator::world();
    const int root = world.size() - 1;
    std::string text = world.rank() == root ? std::string("ab\0cd", 5) : "something else";
    world.broadcast(text, root);
    EXPECT_ALL_RANKS(text == std::string("ab\0cd", 5));
    text = world.rank() == 0 ? "" : "gone";
    world.broadcast(text);
    EXPECT_ALL_RANKS(text.empty());
}

TEST(Communicator, GathersTextOfAnyLengthOnRankZero) {
    const Communicator& world = Communicator::world();
    std::vector<std::string> expected;
    for (int rank = 0; rank < world.size(); ++rank) {
        expected.emplace_back(static_cast<std::size_t>(rank % 3), static_cast<char>('a' + rank));
    }
    const std::vector<std::string> all = world.gather(expected[world.rank()]);
    EXPECT_ALL_RANKS(all == (world.rank() == 0 ? expected : std::vector<std::string>{}));
}

TEST(Communicator, LongerThanOneChunk) {
    // Calls are cut at 2^27 entries; the entries around the cut and at the end must arrive.
    const Communicator& world = Communicator::world();
    const Index count = (Index{1} << 27) + 3;
    std::vector<char> values(static_cast<std::size_t>(count), world.rank() == 0 ? 'x' : '-');
    world.broadcast(values.data(), count);
    EXPECT_ALL_RANKS(std::count(values.begin(), values.end(), 'x') == count);
}

}  // namespace
