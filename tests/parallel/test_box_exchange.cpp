#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "random_layout.hpp"
#include "tessera/parallel/box_exchange.hpp"
#include "tessera/parallel/partition.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

template <typename T>
class BoxExchangeTest : public ::testing::Test {};
using Scalars = ::testing::Types<float, double, std::uint8_t>;
TYPED_TEST_SUITE(BoxExchangeTest, Scalars);

Partition random_partition(Dice& dice, const Extents& shape) {
    const Communicator& world = Communicator::world();
    return {shape, ProcessGrid(world, random_grid(dice, shape.order(), world.size()))};
}

/// Runs an exchange over the tensor of entries value_at; the target is 0 at first.
template <typename T>
std::vector<T> exchanged(const Extents& shape, const Box& held, const Box& wanted,
                         Index message_bytes = BoxExchange::default_message_bytes) {
    const BoxExchange exchange(Communicator::world(), held, wanted, message_bytes);
    const DeviceView<T> target = to_device(std::vector<T>(wanted.size(), T{0}));
    exchange.run<T>(to_device(box_values<T>(held, shape)), target);
    return to_host(target);
}

TYPED_TEST(BoxExchangeTest, RedistributesBetweenRandomGrids) {
    Dice dice(21);
    for (int trial = 0; trial < 60; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 5000);
        const Box held = random_partition(dice, shape).box();
        const Box wanted = random_partition(dice, shape).box();
        const auto moved = exchanged<TypeParam>(shape, held, wanted);
        ASSERT_ALL_RANKS(moved == box_values<TypeParam>(wanted, shape)) << shape.to_string();
    }
}

TYPED_TEST(BoxExchangeTest, MessagesOfAFewEntriesEach) {
    Dice dice(22);
    for (int trial = 0; trial < 24; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 2000);
        const Box held = random_partition(dice, shape).box();
        const Box wanted = random_partition(dice, shape).box();
        // From less than one entry to 39 bytes.
        const auto moved = exchanged<TypeParam>(shape, held, wanted, dice.between(1, 39));
        ASSERT_ALL_RANKS(moved == box_values<TypeParam>(wanted, shape)) << shape.to_string();
    }
}

TYPED_TEST(BoxExchangeTest, MoreMessagesThanBuffers) {
    // Rows to columns; a message takes a quarter of the small ring, so every buffer is used again.
    const Extents shape{1201, 2003};
    const Communicator& world = Communicator::world();
    const Box rows = Partition(shape, ProcessGrid(world, {world.size(), 1})).box();
    const Box columns = Partition(shape, ProcessGrid(world, {1, world.size()})).box();
    const Index message_bytes =
        std::max(Index{1 << 18} / (world.size() * world.size()), Index{1 << 12}) *
        static_cast<Index>(sizeof(TypeParam)) / 2;
    const auto moved = exchanged<TypeParam>(shape, rows, columns, message_bytes);
    EXPECT_ALL_RANKS(moved == box_values<TypeParam>(columns, shape));
}

TYPED_TEST(BoxExchangeTest, WantedBoxesMayOverlap) {
    Dice dice(23);
    for (int trial = 0; trial < 36; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 3000);
        const Box held = random_partition(dice, shape).box();
        Box wanted = held;  // any box: every rank draws one for each, and takes its own
        for (int rank = 0; rank < rank_count(); ++rank) {
            const Box drawn = random_box(dice, shape);
            wanted = rank == own_rank() ? drawn : wanted;
        }
        const auto moved = exchanged<TypeParam>(shape, held, wanted, 500);
        ASSERT_ALL_RANKS(moved == box_values<TypeParam>(wanted, shape)) << shape.to_string();
    }
}

TYPED_TEST(BoxExchangeTest, OneRankWantsAllOthersNothing) {
    const Extents shape{7, 5, 3};
    const int root = rank_count() - 1;
    Dice dice(24);
    const Box held = random_partition(dice, shape).box();
    const Box nothing{Extents::filled(3, 2), Extents::filled(3, 2)};
    const Box all{Extents::filled(3, 0), shape};
    const Box wanted = own_rank() == root ? all : nothing;
    EXPECT_ALL_RANKS(exchanged<TypeParam>(shape, held, wanted) ==
                     box_values<TypeParam>(wanted, shape));
}

TYPED_TEST(BoxExchangeTest, EntriesThatNobodyHoldsStay) {
    const Extents shape{4 * rank_count(), 9};
    const Index first = 4 * own_rank();
    const Box held{{first, 0}, {first + 3, 9}};  // every fourth row is nowhere
    const Box wanted{{0, 2}, {shape[0], 7}};
    const auto moved = exchanged<TypeParam>(shape, held, wanted);
    std::vector<TypeParam> expected = box_values<TypeParam>(wanted, shape);
    for (Index row = 3; row < shape[0]; row += 4) {
        std::fill_n(expected.begin() + row * 5, 5, TypeParam{0});
    }
    EXPECT_ALL_RANKS(moved == expected);
}

TEST(BoxExchangeVolume, CountsWhatComesFromOthers) {
    Dice dice(25);
    for (int trial = 0; trial < 12; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 2000);
        const Box held = random_partition(dice, shape).box();
        const Box wanted = random_partition(dice, shape).box();
        const BoxExchange exchange(Communicator::world(), held, wanted);
        Index foreign = 0;
        for_each_position(wanted, [&](const Extents& position, Index /*offset*/) {
            foreign += contains(held, position) ? 0 : 1;
        });
        ASSERT_ALL_RANKS(exchange.received_entries() == foreign) << shape.to_string();
    }
}

TEST(BoxExchangeVolume, RunsAgainWithOtherEntries) {
    const Extents shape{6, 10};
    Dice dice(26);
    const Box held = random_partition(dice, shape).box();
    const Box wanted = random_partition(dice, shape).box();
    const BoxExchange exchange(Communicator::world(), held, wanted);
    std::vector<double> source = box_values<double>(held, shape);
    std::vector<double> expected = box_values<double>(wanted, shape);
    const DeviceView<double> target = allocate<double>("target", wanted.size());
    for (int round = 0; round < 3; ++round) {
        exchange.run<double>(to_device(source), target);
        EXPECT_ALL_RANKS(to_host(target) == expected);
        std::ranges::for_each(source, [](double& value) { value *= 2.0; });
        std::ranges::for_each(expected, [](double& value) { value *= 2.0; });
    }
}

}  // namespace
