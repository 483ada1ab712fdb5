#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "tessera/parallel/part_collectives.hpp"

namespace {

using namespace tessera;

/// Even parts, and parts of very different sizes with empty ones among them.
std::vector<PartOffsets> layouts() {
    const Communicator& world = Communicator::world();
    std::vector<PartOffsets> result = {even_parts(world, 23), even_parts(world, 2),
                                       even_parts(world, 0)};
    PartOffsets uneven = {0};
    for (int rank = 0; rank < world.size(); ++rank) {
        uneven.push_back(uneven.back() + (rank % 2 == 1 ? 0 : 7 * rank + 3));
    }
    result.push_back(uneven);
    return result;
}

// One message, and messages cut to five entries and to one.
constexpr Index limits[] = {largest_message_entries, 5, 1};

TEST(PartCollectives, EvenPartsCoverTheArray) {
    const PartOffsets offsets = even_parts(Communicator::world(), 23);
    EXPECT_EQ(offsets.front(), 0);
    EXPECT_EQ(offsets.back(), 23);
    ASSERT_EQ(static_cast<int>(offsets.size()), Communicator::world().size() + 1);
    for (std::size_t part = 0; part + 1 < offsets.size(); ++part) {
        EXPECT_NEAR(static_cast<double>(offsets[part + 1] - offsets[part]),
                    23.0 / Communicator::world().size(), 1.0);
    }
}

TEST(PartCollectives, AllGatherBringsThePartsTogether) {
    const Communicator& world = Communicator::world();
    const auto rank = static_cast<std::size_t>(world.rank());
    for (const PartOffsets& offsets : layouts()) {
        for (const Index limit : limits) {
            std::vector<double> own;
            for (Index i = offsets[rank]; i < offsets[rank + 1]; ++i) {
                own.push_back(0.5 * static_cast<double>(i));
            }
            std::vector<double> whole(static_cast<std::size_t>(offsets.back()), -1.0);
            all_gather_parts(world, offsets, own.data(), whole.data(), limit);
            EXPECT_ALL_RANKS([&] {
                for (std::size_t i = 0; i < whole.size(); ++i) {
                    if (whole[i] != 0.5 * static_cast<double>(i)) {
                        return false;
                    }
                }
                return true;
            }());
        }
    }
}

TEST(PartCollectives, ReduceScatterGivesEachRankItsPartOfTheSum) {
    const Communicator& world = Communicator::world();
    const auto rank = static_cast<std::size_t>(world.rank());
    for (const PartOffsets& offsets : layouts()) {
        for (const Index limit : limits) {
            std::vector<float> whole;
            for (Index i = 0; i < offsets.back(); ++i) {
                whole.push_back(static_cast<float>(i * (world.rank() + 1)));
            }
            std::vector<float> own(static_cast<std::size_t>(offsets[rank + 1] - offsets[rank]),
                                   -1.0F);
            reduce_scatter_parts(world, offsets, static_cast<const float*>(whole.data()),
                                 own.data(), limit);
            const int sum = world.size() * (world.size() + 1) / 2;
            EXPECT_ALL_RANKS([&] {
                for (std::size_t i = 0; i < own.size(); ++i) {
                    if (own[i] !=
                        static_cast<float>((offsets[rank] + static_cast<Index>(i)) * sum)) {
                        return false;
                    }
                }
                return true;
            }());
        }
    }
}

TEST(PartCollectives, AllToAllBringsEachPartToItsRank) {
    const Communicator& world = Communicator::world();
    // Rank s sends 3 * r + s % 2 entries to rank r; nothing travels from rank 1 to rank 0.
    const auto count = [](Index source, Index target) {
        return source == 1 && target == 0 ? 0 : 3 * target + source % 2;
    };
    const auto entry = [](Index source, Index target, Index i) {
        return static_cast<std::uint32_t>(10000 * source + 100 * target + i);
    };
    PartOffsets send_offsets = {0};
    PartOffsets receive_offsets = {0};
    std::vector<std::uint32_t> send;
    std::vector<std::uint32_t> expected;
    for (Index other = 0; other < world.size(); ++other) {
        for (Index i = 0; i < count(world.rank(), other); ++i) {
            send.push_back(entry(world.rank(), other, i));
        }
        for (Index i = 0; i < count(other, world.rank()); ++i) {
            expected.push_back(entry(other, world.rank(), i));
        }
        send_offsets.push_back(static_cast<Index>(send.size()));
        receive_offsets.push_back(static_cast<Index>(expected.size()));
    }
    for (const Index limit : limits) {
        std::vector<std::uint32_t> received(expected.size());
        all_to_all_parts<std::uint32_t>(world, send_offsets, send.data(), receive_offsets,
                                        received.data(), limit);
        EXPECT_ALL_RANKS(received == expected);
    }
}

}  // namespace
