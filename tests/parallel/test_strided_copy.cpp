#include <gtest/gtest.h>

#include "random_layout.hpp"
#include "tessera/parallel/strided_copy.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

/// Runs the copy in the kernel and entry by entry, and compares the whole target arrays.
template <typename T>
void expect_same_as_loop(const StridedCopy& copy, Index source_size, Index target_size) {
    std::vector<T> source(source_size);
    for (Index i = 0; i < source_size; ++i) {
        source[i] = value_at<T>(i);
    }
    std::vector<T> expected(target_size, T{0});
    for_each_position({Extents::filled(copy.shape.order(), 0), copy.shape},
                      [&](const Extents& position, Index /*offset*/) {
                          Index from = copy.source_offset;
                          Index to = copy.target_offset;
                          for (int mode = 0; mode < position.order(); ++mode) {
                              from += position[mode] * copy.source_strides[mode];
                              to += position[mode] * copy.target_strides[mode];
                          }
                          expected[to] = source[from];
                      });
    const DeviceView<T> on_device = to_device(source);
    const DeviceView<T> target = to_device(std::vector<T>(target_size, T{0}));
    strided_copy<T>(on_device.data(), target.data(), copy);
    Kokkos::fence();
    EXPECT_EQ(to_host(target), expected)
        << copy.shape.to_string() << " with strides " << copy.source_strides.to_string() << " to "
        << copy.target_strides.to_string();
}

template <typename T>
class StridedCopyOneRank : public ::testing::Test {};
using Scalars = ::testing::Types<float, double, std::uint8_t>;
TYPED_TEST_SUITE(StridedCopyOneRank, Scalars);

TEST(StridesOneRank, OfARowMajorArray) {
    EXPECT_EQ(row_major_strides({4, 5, 6}), Extents({30, 6, 1}));
    EXPECT_EQ(row_major_strides({7}), Extents({1}));
}

TYPED_TEST(StridedCopyOneRank, BoxesOfRandomShapes) {
    Dice dice(11);
    for (int trial = 0; trial < 200; ++trial) {
        const Extents shape = random_shape(dice, static_cast<int>(dice.between(1, 6)), 30000);
        const Box common = random_box(dice, shape);
        const Box source = random_box_around(dice, common, shape);
        const Box target = random_box_around(dice, common, shape);
        expect_same_as_loop<TypeParam>(box_copy(source, target, common), source.size(),
                                       target.size());
    }
}

TYPED_TEST(StridedCopyOneRank, RandomModeOrders) {
    Dice dice(12);
    for (int trial = 0; trial < 200; ++trial) {
        const int order = static_cast<int>(dice.between(1, 6));
        const Extents shape = random_shape(dice, order, 30000);
        Extents permuted = shape;
        const std::vector<int> modes = dice.permutation(order);
        for (int mode = 0; mode < order; ++mode) {
            permuted[mode] = shape[modes[mode]];
        }
        const Extents permuted_strides = row_major_strides(permuted);
        StridedCopy copy{shape, row_major_strides(shape), shape, 0, 0};
        for (int mode = 0; mode < order; ++mode) {
            copy.target_strides[modes[mode]] = permuted_strides[mode];
        }
        expect_same_as_loop<TypeParam>(copy, shape.product(), shape.product());
    }
}

TYPED_TEST(StridedCopyOneRank, RowsLongerThanOneWorkItem) {
    const Box source{{0, 0}, {3, 20011}};
    const Box target{{1, 5000}, {3, 20000}};
    expect_same_as_loop<TypeParam>(box_copy(source, target, target), source.size(), target.size());
}

TYPED_TEST(StridedCopyOneRank, TranspositionOfMoreThanOneTile) {
    expect_same_as_loop<TypeParam>({{131, 97}, {97, 1}, {1, 131}, 0, 0}, 131 * 97, 131 * 97);
}

TYPED_TEST(StridedCopyOneRank, NoFastestModeAtAll) {
    expect_same_as_loop<TypeParam>({{5, 6}, {14, 2}, {3, 20}, 1, 2}, 100, 200);
}

}  // namespace
