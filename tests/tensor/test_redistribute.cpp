#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "tessera/tensor/redistribute.hpp"
#include "test_tensors.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

template <typename T>
class RedistributeTest : public ::testing::Test {};
using Scalars = ::testing::Types<float, double, std::uint8_t>;
TYPED_TEST_SUITE(RedistributeTest, Scalars);

TYPED_TEST(RedistributeTest, ThereAndBackGivesTheSameBits) {
    Dice dice(61);
    for (int trial = 0; trial < 48; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 4000);
        const std::vector<TypeParam> all = numbered<TypeParam>(shape);
        const DenseTensor<TypeParam> here = tensor_of(all, random_partition(dice, shape));
        const Partition elsewhere = random_partition(dice, shape);
        const DenseTensor<TypeParam> there = redistribute(here, elsewhere);
        ASSERT_ALL_RANKS(there.partition() == elsewhere);
        ASSERT_ALL_RANKS(holds(there, all)) << shape.to_string();
        ASSERT_ALL_RANKS(holds(redistribute(there, here.partition()), all)) << shape.to_string();
    }
}

TYPED_TEST(RedistributeTest, SharesTheBlockOnTheSameGrid) {
    Dice dice(62);
    const Partition partition = random_partition(dice, {5, 6, 7});
    const DenseTensor<TypeParam> tensor = tensor_of(numbered<TypeParam>({5, 6, 7}), partition);
    EXPECT_ALL_RANKS(redistribute(tensor, partition).block().data() == tensor.block().data());
}

TYPED_TEST(RedistributeTest, GathersABoxOnAnyRank) {
    Dice dice(63);
    for (int trial = 0; trial < 36; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 3000);
        const std::vector<TypeParam> all = numbered<TypeParam>(shape);
        const DenseTensor<TypeParam> tensor = tensor_of(all, random_partition(dice, shape));
        const Box box = random_box(dice, shape);
        const int root = static_cast<int>(dice.between(0, rank_count() - 1));
        const HostView<TypeParam> gathered = gather_box(tensor, box, root);
        const std::vector<TypeParam> values(gathered.data(), gathered.data() + gathered.size());
        ASSERT_ALL_RANKS(values ==
                         (own_rank() == root ? box_of(all, shape, box) : std::vector<TypeParam>{}));
    }
}

TYPED_TEST(RedistributeTest, HalosMayBeWiderThanBlocks) {
    Dice dice(64);
    for (int trial = 0; trial < 36; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 3000);
        const std::vector<TypeParam> all = numbered<TypeParam>(shape);
        const DenseTensor<TypeParam> tensor = tensor_of(all, random_partition(dice, shape));
        Extents width = shape;
        for (int mode = 0; mode < shape.order(); ++mode) {
            width[mode] = dice.between(0, 9);
        }
        const HaloBlock<TypeParam> halo = with_halo(tensor, width);
        Box expected = tensor.box();
        for (int mode = 0; mode < shape.order() && tensor.box().size() > 0; ++mode) {
            for (Index step = 0; step < width[mode]; ++step) {
                expected.begin[mode] -= expected.begin[mode] > 0 ? 1 : 0;
                expected.end[mode] += expected.end[mode] < shape[mode] ? 1 : 0;
            }
        }
        ASSERT_ALL_RANKS(halo.box == expected);
        ASSERT_ALL_RANKS(to_host(halo.values) == box_of(all, shape, halo.box))
            << shape.to_string() << ", width " << width.to_string();
    }
}

TEST(Halo, FitsAWindowedSum) {
    // What halos are for: a 3 x 5 box sum over a plane equals the one on a replicated copy.
    const Extents shape{11, 13};
    Dice dice(65);
    const std::vector<double> all = numbered<double>(shape);
    const DenseTensor<double> tensor = tensor_of(all, random_partition(dice, shape));
    const HaloBlock<double> halo = with_halo(tensor, {1, 2});
    const std::vector<double> values = to_host(halo.values);
    const auto sum_around = [](const Extents& position, const Box& known,
                               const std::vector<double>& entries) {
        double sum = 0.0;
        for_each_position(known, [&](const Extents& other, Index offset) {
            const bool near =
                std::abs(other[0] - position[0]) <= 1 && std::abs(other[1] - position[1]) <= 2;
            sum += near ? entries[static_cast<std::size_t>(offset)] : 0.0;
        });
        return sum;
    };
    bool same = true;
    for_each_position(tensor.box(), [&](const Extents& position, Index /*offset*/) {
        same = same &&
               sum_around(position, halo.box, values) == sum_around(position, {{0, 0}, shape}, all);
    });
    EXPECT_ALL_RANKS(same);
}

}  // namespace
