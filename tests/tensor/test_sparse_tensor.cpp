#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "sparse_tensors.hpp"
#include "tessera/tensor/sparse_reductions.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

template <typename T>
class SparseTensorTest : public ::testing::Test {};
using RealNumbers = ::testing::Types<float, double>;
TYPED_TEST_SUITE(SparseTensorTest, RealNumbers);

TYPED_TEST(SparseTensorTest, ListsTheObservedEntriesOfADenseTensor) {
    Dice dice(111);
    for (int trial = 0; trial < 24; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 4000);
        const Partition partition = random_partition(dice, shape);
        const auto all = random_entries<TypeParam>(shape.product(), 7);
        auto flags = random_entries<std::uint8_t>(shape.product(), 8);
        EntryMap expected;
        for (Index i = 0; i < shape.product(); ++i) {
            auto& flag = flags[static_cast<std::size_t>(i)];
            flag = flag < 90 ? 1 : 0;
            if (flag != 0) {
                expected[row_major_position(i, shape).to_vector()] =
                    static_cast<double>(all[static_cast<std::size_t>(i)]);
            }
        }
        const DenseTensor<TypeParam> dense = tensor_of(all, partition);
        const SparseTensor<TypeParam> observed =
            observed_entries(dense, std::optional(tensor_of(flags, partition)));
        ASSERT_ALL_RANKS(observed.box() == dense.box());
        ASSERT_ALL_RANKS(own_entries(observed) == entries_in(expected, dense.box()));
        ASSERT_ALL_RANKS(observed.entry_count() == static_cast<Index>(expected.size()));

        const SparseTensor<TypeParam> whole = observed_entries<TypeParam>(dense, std::nullopt);
        ASSERT_ALL_RANKS(to_host(whole.values()) == to_host(dense.block()));
    }
}

TYPED_TEST(SparseTensorTest, SumsAndNormsAreThoseOfItsEntries) {
    Dice dice(112);
    for (int trial = 0; trial < 12; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 3000);
        const auto list = random_list<TypeParam>(dice, shape, dice.between(1, 500));
        double sum = 0.0;
        double squares = 0.0;
        double least = 1e300;
        double most = -1e300;
        for (const auto& [position, value] : entries_of(list)) {
            sum += value;
            squares += value * value;
            least = std::min(least, value);
            most = std::max(most, value);
        }
        const auto tensor =
            assemble(Communicator::world(), "test entries", shape, own_part(list)).tensor;
        const Summary found = summary(tensor);
        ASSERT_ALL_RANKS(found.sum == sum && found.sum_of_squares == squares);
        ASSERT_ALL_RANKS(found.minimum == least && found.maximum == most);
        ASSERT_ALL_RANKS(squared_norm(tensor) == squares);
        ASSERT_NEAR_ALL_RANKS(norm(tensor), std::sqrt(squares), 1e-12 * squares);
    }
}

TEST(SparseTensorSlices, CountsEntriesOfSlicesAndEmptySlices) {
    Dice dice(113);
    for (int trial = 0; trial < 12; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 3000);
        const auto list = random_list<double>(dice, shape, dice.between(0, 60));
        const auto tensor = assemble(Communicator::world(), "test entries", shape, own_part(list),
                                     random_grid(dice, shape.order(), rank_count()))
                                .tensor;
        const Extents empty = empty_slices(tensor);
        for (int mode = 0; mode < shape.order(); ++mode) {
            std::vector<Index> counts(static_cast<std::size_t>(shape[mode]), 0);
            for (const auto& [position, value] : entries_of(list)) {
                ++counts[static_cast<std::size_t>(position[static_cast<std::size_t>(mode)])];
            }
            const std::vector<Index> own(counts.begin() + tensor.box().begin[mode],
                                         counts.begin() + tensor.box().end[mode]);
            ASSERT_ALL_RANKS(slice_entry_counts(tensor, mode) == own);
            ASSERT_ALL_RANKS(empty[mode] == std::count(counts.begin(), counts.end(), 0));
        }
    }
}

}  // namespace
