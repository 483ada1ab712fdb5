#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "tessera/tensor/dense_tensor.hpp"
#include "test_tensors.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

template <typename T>
class DenseTensorTest : public ::testing::Test {};
using Scalars = ::testing::Types<float, double, std::uint8_t>;
TYPED_TEST_SUITE(DenseTensorTest, Scalars);

TYPED_TEST(DenseTensorTest, BlocksHaveTheShapeOfTheirBox) {
    Dice dice(51);
    for (int trial = 0; trial < 30; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 2000);
        const Partition partition = random_partition(dice, shape);
        const DenseTensor<TypeParam> tensor("some tensor", partition);
        EXPECT_EQ(tensor.label(), "some tensor");
        EXPECT_EQ(tensor.block().label(), "some tensor");
        EXPECT_EQ(tensor.shape(), shape);
        EXPECT_EQ(tensor.order(), shape.order());
        EXPECT_EQ(tensor.size(), shape.product());
        EXPECT_EQ(tensor.box(), partition.box());
        EXPECT_EQ(tensor.block_shape(), partition.box().shape());
        EXPECT_EQ(static_cast<Index>(tensor.block().size()), partition.box().size());
        EXPECT_ALL_RANKS(Communicator::world().sum(tensor.box().size()) == shape.product());
    }
}

TYPED_TEST(DenseTensorTest, CopiesAndCallersShareTheBlock) {
    const Partition partition(
        {3, 4}, ProcessGrid(Communicator::world(), {Communicator::world().size(), 1}));
    const DeviceView<TypeParam> own = to_device(
        std::vector<TypeParam>(static_cast<std::size_t>(partition.box().size()), TypeParam{5}));
    const DenseTensor<TypeParam> tensor("attached", partition, own);
    const DenseTensor<TypeParam> same = tensor;
    EXPECT_EQ(tensor.block().data(), own.data());
    EXPECT_EQ(same.block().data(), own.data());
}

TEST(DenseTensorDeathOneRank, ABlockOfTheWrongSizeIsAContradiction) {
    GTEST_FLAG_SET(death_test_style, "fast");
    const Partition partition({3, 4}, ProcessGrid(Communicator::world(), {1, 1}));
    const DeviceView<double> block = allocate<double>("block", 11);
    EXPECT_DEATH(DenseTensor<double>("cube", partition, block),
                 "the block of \"cube\" must have 12 entries, not 11");
}

// Kernels in functions of their own, because nvcc takes none in a private member, which a test's
// body is.
void number_in_kernel(const GlobalIndex& index, const DeviceView<Index>& numbers) {
    Kokkos::parallel_for(
        "tessera::test_global_index",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(0, numbers.size()),
        KOKKOS_LAMBDA(const Index i) { numbers(i) = index(i); });
}

void draw_in_kernel(const Random& random, const GlobalIndex& index,
                    const DeviceView<double>& block) {
    Kokkos::parallel_for(
        "tessera::test_random", Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(0, block.size()),
        KOKKOS_LAMBDA(const Index i) { block(i) = random.normal(index(i)); });
}

TEST(GlobalIndexTest, NumbersTheEntriesOfTheWholeTensor) {
    Dice dice(52);
    for (int trial = 0; trial < 30; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 2000);
        const DenseTensor<double> tensor("tensor", random_partition(dice, shape));
        const GlobalIndex index = global_index(tensor);
        const DeviceView<Index> numbers = allocate<Index>("numbers", tensor.box().size());
        number_in_kernel(index, numbers);
        std::vector<Index> expected;
        for_each_position(tensor.box(), [&](const Extents& position, Index /*offset*/) {
            Index offset = 0;
            for (int mode = 0; mode < shape.order(); ++mode) {
                offset += position[mode] * shape.product(mode + 1, shape.order());
            }
            expected.push_back(offset);
        });
        EXPECT_ALL_RANKS(to_host(numbers) == expected);
    }
}

TEST(GlobalIndexTest, RandomEntriesAreTheSameOnAnyGrid) {
    // Random numbers keyed by global index, drawn in a kernel: bit for bit those of one loop.
    Dice dice(53);
    const Random random(2024, 7);
    for (int trial = 0; trial < 12; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 2000);
        const DenseTensor<double> tensor("tensor", random_partition(dice, shape));
        const GlobalIndex index = global_index(tensor);
        draw_in_kernel(random, index, tensor.block());
        std::vector<double> all(static_cast<std::size_t>(shape.product()));
        for (Index i = 0; i < shape.product(); ++i) {
            all[static_cast<std::size_t>(i)] = random.normal(i);
        }
        EXPECT_ALL_RANKS(holds(tensor, all));
    }
}

}  // namespace
