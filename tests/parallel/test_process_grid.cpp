#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "all_ranks.hpp"
#include "random_layout.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/partition.hpp"
#include "tessera/parallel/process_grid.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

std::string error_of(const Extents& dims) {
    try {
        const ProcessGrid grid(Communicator::world(), dims);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

TEST(ProcessGrid, WrongNumberOfRanksIsToldWithBothNumbers) {
    const int ranks = rank_count();
    const std::string job = std::to_string(ranks) + (ranks == 1 ? " rank" : " ranks");
    EXPECT_EQ(error_of({11, 2, 1}), "parallel.grid is 11 x 2 x 1 (22 ranks), but the job has " +
                                        job + ": give a grid whose product is " +
                                        std::to_string(ranks) + ", or leave parallel.grid out");
}

TEST(ProcessGrid, EntriesBelowOneAreRefused) {
    EXPECT_NE(error_of({0, 2}).find("parallel.grid is 0 x 2, but every entry must be at least 1"),
              std::string::npos);
    // The product is right, the entries are not.
    EXPECT_NE(error_of({-1, -rank_count()}).find("at least 1"), std::string::npos);
}

TEST(ProcessGrid, ProductBeyondSixtyFourBitsIsRefused) {
    const Index huge = Index{1} << 32;  // huge^2 is 0 modulo 2^64
    EXPECT_NE(error_of({huge, huge, rank_count()}).find("but the job has"), std::string::npos);
}

TEST(ProcessGrid, RanksAreNumberedRowMajor) {
    Dice dice(41);
    const Communicator& world = Communicator::world();
    for (int order = 1; order <= 6; ++order) {
        const ProcessGrid grid(world, random_grid(dice, order, world.size()));
        Index rank = 0;
        for_each_position({Extents::filled(order, 0), grid.dims()},
                          [&](const Extents& position, Index /*offset*/) {
                              EXPECT_EQ(grid.coordinates(static_cast<int>(rank++)), position);
                          });
        EXPECT_EQ(rank, world.size());
        EXPECT_EQ(grid.coordinates(), grid.coordinates(world.rank()));
    }
}

TEST(ProcessGrid, AlongHoldsTheRanksThatDifferOnlyInTheMarkedModes) {
    Dice dice(42);
    const Communicator& world = Communicator::world();
    for (int trial = 0; trial < 24; ++trial) {
        const int order = 1 + trial % 6;
        const ProcessGrid grid(world, random_grid(dice, order, world.size()));
        std::vector<bool> marked(order);
        for (int mode = 0; mode < order; ++mode) {
            marked[mode] = dice.coin();
        }
        std::vector<int> expected;
        for (int rank = 0; rank < world.size(); ++rank) {
            bool same = true;
            for (int mode = 0; mode < order; ++mode) {
                same = same &&
                       (marked[mode] || grid.coordinates(rank)[mode] == grid.coordinates()[mode]);
            }
            if (same) {
                expected.push_back(rank);
            }
        }
        const Communicator part = grid.along(marked);
        ASSERT_ALL_RANKS(part.size() == static_cast<int>(expected.size()));
        EXPECT_ALL_RANKS(part.all_gather(std::vector<int>{world.rank()}) == expected);
    }
}

// What the search promises, counted on the tensor itself: the load, and the entries whose next
// neighbour belongs to another rank.
struct Counted {
    bool has_idle_ranks;
    Index largest_block;
    Index cut_surface;
    [[nodiscard]] auto key() const { return std::tie(has_idle_ranks, largest_block, cut_surface); }
};

Counted count(const Extents& dims, const Extents& shape) {
    std::vector<Index> owner(shape.product());
    std::map<Index, Index> load;
    const Box all{Extents::filled(shape.order(), 0), shape};
    for_each_position(all, [&](const Extents& position, Index offset) {
        Extents place = dims;
        for (int mode = 0; mode < shape.order(); ++mode) {
            place[mode] = 0;
            while (block_range(shape[mode], dims[mode], place[mode]).end <= position[mode]) {
                ++place[mode];
            }
        }
        owner[offset] = row_major_offset(place, dims);
        ++load[owner[offset]];
    });
    Counted result{static_cast<Index>(load.size()) < dims.product(), 0, 0};
    for (const auto& [rank, entries] : load) {
        result.largest_block = std::max(result.largest_block, entries);
    }
    for_each_position(all, [&](const Extents& position, Index offset) {
        for (int mode = 0; mode < shape.order(); ++mode) {
            Extents next = position;
            if (++next[mode] < shape[mode]) {
                const bool cut = owner[row_major_offset(next, shape)] != owner[offset];
                result.cut_surface += cut ? 1 : 0;
            }
        }
    });
    return result;
}

/// All dims of that product, by trying every combination of numbers up to it.
std::vector<Extents> all_grids(Index ranks, int order, const std::vector<bool>& may_split) {
    std::vector<Extents> grids;
    const Extents numbers = Extents::filled(order, ranks);
    for_each_position({Extents::filled(order, 0), numbers}, [&](Extents dims, Index /*offset*/) {
        bool allowed = true;
        for (int mode = 0; mode < order; ++mode) {
            allowed = allowed && (may_split[mode] || dims[mode] == 0);
            ++dims[mode];
        }
        if (allowed && dims.product() == ranks) {
            grids.push_back(dims);
        }
    });
    return grids;
}

TEST(AutomaticGridOneRank, IsNeverBeatenByAnyOtherGrid) {
    Dice dice(43);
    for (int trial = 0; trial < 60; ++trial) {
        const int order = static_cast<int>(dice.between(1, 4));
        const Extents shape = random_shape(dice, order, 400);
        const Index ranks = dice.between(1, 12);
        std::vector<bool> may_split(order);
        for (int mode = 0; mode < order; ++mode) {
            may_split[mode] = dice.between(0, 3) > 0;
        }
        may_split[dice.between(0, order - 1)] = true;
        const Extents chosen = ProcessGrid::automatic_dims(ranks, shape, may_split);
        ASSERT_EQ(chosen.product(), ranks);
        const Counted own = count(chosen, shape);
        for (const Extents& other : all_grids(ranks, order, may_split)) {
            EXPECT_LE(own.key(), count(other, shape).key())
                << shape.to_string() << " on " << ranks << " ranks: " << chosen.to_string()
                << " against " << other.to_string();
        }
    }
}

TEST(AutomaticGridOneRank, KnownCases) {
    const std::vector<bool> all(3, true);
    const auto dims = [](Index ranks, const Extents& shape, const std::vector<bool>& may_split) {
        return ProcessGrid::automatic_dims(ranks, shape, may_split);
    };
    EXPECT_EQ(dims(8, {100, 100, 100}, all), Extents({2, 2, 2}));
    EXPECT_EQ(dims(64, {512, 512, 512}, all), Extents({4, 4, 4}));
    EXPECT_EQ(dims(2, {100, 100, 100}, all), Extents({2, 1, 1}));  // a tie: the slowest mode
    EXPECT_EQ(dims(4, {100, 100, 198}, {true, true, false}), Extents({2, 2, 1}));
    EXPECT_EQ(dims(4, {1000, 10, 10}, all), Extents({4, 1, 1}));
    EXPECT_EQ(dims(7, {5, 100, 3}, all), Extents({1, 7, 1}));
    EXPECT_EQ(dims(16, {3, 3, 3}, {true, true, false}).product(), 16);  // nothing else is left
    EXPECT_EQ(dims(1, {3, 3, 3}, {false, false, false}), Extents({1, 1, 1}));
}

TEST(AutomaticGridOneRank, ThousandsOfRanksOverSixModes) {
    // 5040 has more factorisations than any smaller number: 60 divisors. Takes well below a second.
    const Extents shape{64, 81, 50, 49, 128, 30};
    const Extents dims = ProcessGrid::automatic_dims(5040, shape, std::vector<bool>(6, true));
    EXPECT_EQ(dims.product(), 5040);
    for (int mode = 0; mode < 6; ++mode) {
        EXPECT_LE(dims[mode], shape[mode]);
    }
}

TEST(AutomaticGrid, FitsTheJob) {
    const ProcessGrid grid =
        ProcessGrid::automatic(Communicator::world(), {40, 30, 20}, {true, true, false});
    EXPECT_EQ(grid.dims().product(), rank_count());
    EXPECT_EQ(grid.dims()[2], 1);
}

}  // namespace
