#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "tessera/tensor/transform.hpp"
#include "test_tensors.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

template <typename T>
class TransformTest : public ::testing::Test {};
using Scalars = ::testing::Types<float, double, std::uint8_t>;
TYPED_TEST_SUITE(TransformTest, Scalars);

/// The permuted replicated copy: entry q of the result is entry p with p[mode_order[i]] = q[i].
template <typename T>
std::vector<T> permuted_copy(const std::vector<T>& all, const Extents& shape,
                             const Extents& new_shape, const std::vector<int>& mode_order) {
    std::vector<T> result(all.size());
    for_each_position({Extents::filled(shape.order(), 0), new_shape},
                      [&](const Extents& position, Index offset) {
                          Extents old = shape;
                          for (int i = 0; i < shape.order(); ++i) {
                              old[mode_order[i]] = position[i];
                          }
                          result[offset] = all[row_major_offset(old, shape)];
                      });
    return result;
}

TYPED_TEST(TransformTest, PermutesModesBetweenRandomGrids) {
    Dice dice(71);
    for (int trial = 0; trial < 60; ++trial) {
        const int order = 1 + trial % 6;
        const Extents shape = random_shape(dice, order, 4000);
        const std::vector<TypeParam> all = numbered<TypeParam>(shape);
        const DenseTensor<TypeParam> tensor = tensor_of(all, random_partition(dice, shape));
        const std::vector<int> mode_order = dice.permutation(order);
        Extents new_shape = shape;
        for (int i = 0; i < order; ++i) {
            new_shape[i] = shape[mode_order[i]];
        }
        EXPECT_EQ(permuted(shape, mode_order), new_shape);
        const Partition target = random_partition(dice, new_shape);
        const DenseTensor<TypeParam> result = permute(tensor, mode_order, target);
        ASSERT_ALL_RANKS(result.partition() == target);
        ASSERT_ALL_RANKS(holds(result, permuted_copy(all, shape, new_shape, mode_order)))
            << shape.to_string();
    }
}

TYPED_TEST(TransformTest, BandToTheFront) {
    // Large enough for many tiles; the grid moves along with the modes, so no entry changes ranks.
    const Extents shape{70, 45, 50};
    const Communicator& world = Communicator::world();
    const Partition rows(shape, ProcessGrid(world, {world.size(), 1, 1}));
    const std::vector<TypeParam> all = numbered<TypeParam>(shape);
    const Partition target({50, 70, 45}, ProcessGrid(world, {1, world.size(), 1}));
    const DenseTensor<TypeParam> result = permute(tensor_of(all, rows), {2, 0, 1}, target);
    EXPECT_ALL_RANKS(holds(result, permuted_copy(all, shape, {50, 70, 45}, {2, 0, 1})));
}

TYPED_TEST(TransformTest, CropsAnyRegion) {
    Dice dice(72);
    for (int trial = 0; trial < 48; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 3000);
        const std::vector<TypeParam> all = numbered<TypeParam>(shape);
        const DenseTensor<TypeParam> tensor = tensor_of(all, random_partition(dice, shape));
        const Box region = random_box(dice, shape);
        const DenseTensor<TypeParam> result =
            crop(tensor, region, random_partition(dice, region.shape()));
        ASSERT_ALL_RANKS(result.shape() == region.shape());
        ASSERT_ALL_RANKS(holds(result, box_of(all, shape, region))) << shape.to_string();
    }
}

}  // namespace
