#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "sparse_tensors.hpp"
#include "tessera/base/error.hpp"
#include "tessera/tensor/sparse_assembly.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

const Communicator& world() { return Communicator::world(); }

template <typename T>
class SparseAssembly : public ::testing::Test {};
using RealNumbers = ::testing::Types<float, double>;
TYPED_TEST_SUITE(SparseAssembly, RealNumbers);

TYPED_TEST(SparseAssembly, HoldsTheEntriesOfItsBoxAndSumsDuplicates) {
    Dice dice(101);
    for (int trial = 0; trial < 24; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 3000);
        const auto list = random_list<TypeParam>(dice, shape, dice.between(0, 400));
        const EntryMap expected = entries_of(list);
        std::optional<Extents> grid;
        if (dice.coin()) {
            grid = random_grid(dice, shape.order(), world().size());
        }
        const Assembly<TypeParam> assembly =
            assemble(world(), "test entries", shape, own_part(list), grid);
        const SparseTensor<TypeParam>& tensor = assembly.tensor;
        ASSERT_ALL_RANKS(own_entries(tensor) == entries_in(expected, tensor.box()));
        ASSERT_ALL_RANKS(tensor.entry_count() == static_cast<Index>(expected.size()));
        ASSERT_ALL_RANKS(assembly.report.duplicates ==
                         static_cast<Index>(list.values.size() - expected.size()));
    }
}

TEST(SparseAssemblyReport, NamesTheFirstDuplicate) {
    // Rank 0 reads all; the second (3, 1) is the first repeated position in row-major order.
    CoordinateList<double> list{{{3, 5, 5, 3, 0}, {1, 2, 2, 1, 4}}, {1.0, 2.0, 3.0, 4.0, 5.0}};
    if (own_rank() != 0) {
        list = {{{}, {}}, {}};
    }
    const auto assembly = assemble(world(), "test entries", Extents{6, 5}, list);
    EXPECT_ALL_RANKS(assembly.report.duplicates == 2);
    EXPECT_ALL_RANKS(assembly.report.first_duplicate == Extents({3, 1}));
    EXPECT_ALL_RANKS(assembly.tensor.entry_count() == 3);
}

TEST(SparseAssemblyReport, DuplicatesAreAddedInFileOrderInDouble) {
    // 1e8 + 1 - 1e8 in this order is 1 in float64, and 0 in float32.
    CoordinateList<float> list{{{2, 2, 2}}, {1e8F, 1.0F, -1e8F}};
    if (own_rank() != 0) {
        list = {{{}}, {}};
    }
    const auto assembly = assemble(world(), "test entries", Extents{4}, list);
    const EntryMap expected = {{{2}, 1.0}};
    EXPECT_ALL_RANKS(own_entries(assembly.tensor) == entries_in(expected, assembly.tensor.box()));
}

TEST(SparseAssembly64, LongModesAreSortedByAllTheirBits) {
    const Extents shape{Index{1} << 32, 3};
    CoordinateList<double> list{{{4294967295U, 65536U, 65535U, 131072U, 0U}, {0, 1, 2, 0, 1}},
                                {1.0, 2.0, 3.0, 4.0, 5.0}};
    const EntryMap expected = entries_of(list);
    const auto assembly = assemble(world(), "test entries", shape, own_part(list));
    EXPECT_ALL_RANKS(own_entries(assembly.tensor) == entries_in(expected, assembly.tensor.box()));
}

TEST(SparseAssemblyGrid, BlocksOfSkewedDataHoldAboutTheSameNumbersOfEntries) {
    // Two thirds of the entries lie in the first third of each mode: equal ranges would give one
    // rank most of them.
    Dice dice(103);
    const Extents shape{600, 50, 40};
    const auto list = random_list<double>(dice, shape, 20000);
    const auto assembly = assemble(world(), "test entries", shape, own_part(list));
    const auto largest = static_cast<double>(world().max(assembly.tensor.local_count()));
    const double mean =
        static_cast<double>(assembly.tensor.entry_count()) / static_cast<double>(world().size());
    EXPECT_ALL_RANKS(largest < 1.05 * mean);
}

TEST(SparseAssemblyGridOneRank, CutsTheModeWithTheMostRowsPerPart) {
    EXPECT_EQ(sparse_grid_dims(1, {5, 6}), Extents({1, 1}));
    EXPECT_EQ(sparse_grid_dims(2, {1000, 800, 600}), Extents({2, 1, 1}));
    EXPECT_EQ(sparse_grid_dims(4, {1000, 800, 600}), Extents({2, 2, 1}));
    EXPECT_EQ(sparse_grid_dims(6, {10, 1000, 10}), Extents({1, 6, 1}));
    EXPECT_EQ(sparse_grid_dims(7, {3, 3}), Extents({7, 1}));  // more ranks than slices
}

TEST(SparseAssemblyGrid, RefusesAGridOfAnotherSize) {
    const Extents wrong{world().size() + 1, 1};
    EXPECT_ALL_RANKS([&] {
        try {
            const CoordinateList<double> none{{{}, {}}, {}};
            (void)assemble(world(), "test entries", Extents{4, 4}, none, wrong);
        } catch (const UsageError& error) {
            return std::string(error.what()).find("parallel.grid") != std::string::npos;
        }
        return false;
    }());
}

}  // namespace
