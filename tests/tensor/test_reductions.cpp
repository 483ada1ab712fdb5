#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <limits>

#include "all_ranks.hpp"
#include "tessera/tensor/reductions.hpp"
#include "test_tensors.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

template <typename T>
class ReductionsTest : public ::testing::Test {};
using Scalars = ::testing::Types<float, double, std::uint8_t>;
TYPED_TEST_SUITE(ReductionsTest, Scalars);

/// Sums in long double, over entries that `belongs` picks by their position.
template <typename T, typename Belongs>
Summary naive_summary(const std::vector<T>& all, const Extents& shape, const Belongs& belongs) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    Summary result{infinity, -infinity, 0.0, 0.0};
    long double sum = 0.0L;
    long double squares = 0.0L;
    for_each_position({Extents::filled(shape.order(), 0), shape},
                      [&](const Extents& position, Index offset) {
                          if (belongs(position)) {
                              const auto x = static_cast<double>(all[offset]);
                              result.minimum = std::min(result.minimum, x);
                              result.maximum = std::max(result.maximum, x);
                              sum += x;
                              squares += static_cast<long double>(x) * x;
                          }
                      });
    result.sum = static_cast<double>(sum);
    result.sum_of_squares = static_cast<double>(squares);
    return result;
}

/// Any order of adding n numbers errs by less than n eps times the sum of their magnitudes; tensors
/// here have at most 2.2e5 entries of at most `largest`, hence n^2 eps largest < 1.1e-5 largest,
/// far below what one entry too many or too few makes.
bool agrees(const Summary& a, const Summary& b, double largest) {
    const double tolerance = 1.1e-5 * largest;
    return a.minimum == b.minimum && a.maximum == b.maximum &&
           std::abs(a.sum - b.sum) <= tolerance &&
           std::abs(a.sum_of_squares - b.sum_of_squares) <= tolerance * largest;
}

template <typename T>
double largest_of() {
    return std::is_same_v<T, std::uint8_t> ? 255.0 : 1.0;
}

TYPED_TEST(ReductionsTest, WholeTensorAgainstALoop) {
    Dice dice(81);
    for (int trial = 0; trial < 48; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 9000);
        const std::vector<TypeParam> all = random_entries<TypeParam>(shape.product(), trial);
        const DenseTensor<TypeParam> tensor = tensor_of(all, random_partition(dice, shape));
        const Summary expected = naive_summary(all, shape, [](const Extents&) { return true; });
        ASSERT_ALL_RANKS(agrees(summary(tensor), expected, largest_of<TypeParam>()));
        const double squares = expected.sum_of_squares;
        EXPECT_NEAR_ALL_RANKS(squared_norm(tensor), squares, 1e-12 * squares);
        EXPECT_NEAR_ALL_RANKS(norm(tensor), std::sqrt(squares), 1e-12 * std::sqrt(squares));
        EXPECT_NEAR_ALL_RANKS(reproducible_squared_norm(tensor), squares, 1e-12 * squares);
    }
}

TYPED_TEST(ReductionsTest, EverySliceOfEveryModeAgainstALoop) {
    Dice dice(82);
    for (int trial = 0; trial < 36; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 5000);
        const std::vector<TypeParam> all = random_entries<TypeParam>(shape.product(), trial);
        const DenseTensor<TypeParam> tensor = tensor_of(all, random_partition(dice, shape));
        for (int mode = 0; mode < shape.order(); ++mode) {
            const std::vector<Summary> slices = slice_summaries(tensor, mode);
            ASSERT_ALL_RANKS(static_cast<Index>(slices.size()) == shape[mode]);
            bool same = true;
            for (Index slice = 0; slice < shape[mode]; ++slice) {
                const Summary expected = naive_summary(
                    all, shape, [&](const Extents& position) { return position[mode] == slice; });
                same = same && agrees(slices[slice], expected, largest_of<TypeParam>());
            }
            ASSERT_ALL_RANKS(same) << shape.to_string() << ", mode " << mode;
        }
    }
}

TYPED_TEST(ReductionsTest, SlicesOfShapesWithLongRunsAndManyRows) {
    // Beyond one piece of a run (2^14 entries), one strip of columns (256) and one group of rows.
    Dice dice(83);
    for (const Extents& shape : {Extents{3, 40000}, Extents{700, 300}, Extents{30000, 3},
                                 Extents{2, 3, 20000}, Extents{300, 17, 16}, Extents{60000}}) {
        const std::vector<TypeParam> all = random_entries<TypeParam>(shape.product(), 83);
        const DenseTensor<TypeParam> tensor = tensor_of(all, random_partition(dice, shape));
        for (int mode = 0; mode < shape.order(); ++mode) {
            const std::vector<Summary> slices = slice_summaries(tensor, mode);
            std::vector<double> sums(shape[mode], 0.0);
            std::vector<double> squares(shape[mode], 0.0);
            std::vector<double> minima(shape[mode], std::numeric_limits<double>::infinity());
            std::vector<double> maxima(shape[mode], -std::numeric_limits<double>::infinity());
            for (Index i = 0; i < shape.product(); ++i) {
                const Index slice = row_major_position(i, shape)[mode];
                const auto x = static_cast<double>(all[i]);
                sums[slice] += x;
                squares[slice] += x * x;
                minima[slice] = std::min(minima[slice], x);
                maxima[slice] = std::max(maxima[slice], x);
            }
            bool same = true;
            for (Index slice = 0; slice < shape[mode]; ++slice) {
                same = same && agrees(slices[slice],
                                      {minima[slice], maxima[slice], sums[slice], squares[slice]},
                                      largest_of<TypeParam>());
            }
            EXPECT_ALL_RANKS(same) << shape.to_string() << ", mode " << mode;
        }
    }
}

TYPED_TEST(ReductionsTest, FillAndCopyTouchEveryEntry) {
    Dice dice(84);
    for (int trial = 0; trial < 12; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 3000);
        const Partition partition = random_partition(dice, shape);
        const DenseTensor<TypeParam> filled("filled", partition);
        fill(filled, TypeParam{7});
        EXPECT_ALL_RANKS(holds(filled, std::vector<TypeParam>(shape.product(), TypeParam{7})));
        const std::vector<TypeParam> all = numbered<TypeParam>(shape);
        copy(tensor_of(all, partition), filled);
        EXPECT_ALL_RANKS(holds(filled, all));
    }
}

TEST(InnerProduct, AgainstALoop) {
    Dice dice(85);
    for (int trial = 0; trial < 24; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 5000);
        const std::vector<float> a = random_entries<float>(shape.product(), 1);
        const std::vector<float> b = random_entries<float>(shape.product(), 2);
        const Partition partition = random_partition(dice, shape);
        long double expected = 0.0L;
        for (std::size_t i = 0; i < a.size(); ++i) {
            expected += static_cast<long double>(a[i]) * b[i];
        }
        EXPECT_NEAR_ALL_RANKS(inner_product(tensor_of(a, partition), tensor_of(b, partition)),
                              expected, 1e-12 * static_cast<double>(a.size()));
    }
}

TEST(InnerProduct, IsAccumulatedInFloat64) {
    // In float32 the sum would stop growing at 2^24.
    const Extents shape{5000, 4001};
    const DenseTensor<float> ones(
        "ones", Partition(shape, ProcessGrid(Communicator::world(), {rank_count(), 1})));
    fill(ones, 1.0F);
    EXPECT_ALL_RANKS(squared_norm(ones) == 5000.0 * 4001.0);
    EXPECT_ALL_RANKS(summary(ones).sum == 5000.0 * 4001.0);
}

TEST(Reductions, AreTheSameBitsWhenRepeated) {
    Dice dice(86);
    const Extents shape{97, 41, 53};
    const DenseTensor<float> tensor =
        tensor_of(random_entries<float>(shape.product(), 3), random_partition(dice, shape));
    const double squares = squared_norm(tensor);
    const double sum = summary(tensor).sum;
    const double of_slice = slice_summaries(tensor, 1)[7].sum;
    for (int repeat = 0; repeat < 20; ++repeat) {
        ASSERT_ALL_RANKS(squared_norm(tensor) == squares);
        ASSERT_ALL_RANKS(summary(tensor).sum == sum);
        ASSERT_ALL_RANKS(slice_summaries(tensor, 1)[7].sum == of_slice);
    }
}

template <typename T>
class NonFiniteTest : public ::testing::Test {};
using RealNumbers = ::testing::Types<float, double>;
TYPED_TEST_SUITE(NonFiniteTest, RealNumbers);

TYPED_TEST(NonFiniteTest, CountsAllAndNamesTheFirst) {
    using Limits = std::numeric_limits<TypeParam>;
    const TypeParam bad[] = {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()};
    Dice dice(87);
    for (int trial = 0; trial < 36; ++trial) {
        const Extents shape = random_shape(dice, 1 + trial % 6, 5000);
        std::vector<TypeParam> all = random_entries<TypeParam>(shape.product(), trial);
        all[0] = Limits::max();
        all.back() = Limits::denorm_min();  // finite, both
        for (Index i = dice.between(0, 5); i > 0; --i) {
            all[dice.between(0, shape.product() - 1)] = bad[dice.between(0, 2)];
        }
        Index count = 0;
        Index first = -1;
        for (Index i = shape.product() - 1; i >= 0; --i) {
            if (!std::isfinite(all[i])) {
                ++count;
                first = i;
            }
        }
        const NonFinite found = find_non_finite(tensor_of(all, random_partition(dice, shape)));
        ASSERT_ALL_RANKS(found.count == count);
        ASSERT_ALL_RANKS(found.first == first) << shape.to_string();
    }
}

TEST(ReproducibleNorm, HasTheSameBitsOnAnyGridAndGroupOfRanks) {
    Dice dice(88);
    const Communicator& world = Communicator::world();
    const Communicator alone = world.split(world.rank(), 0);
    for (int trial = 0; trial < 24; ++trial) {
        const int order = 1 + trial % 6;
        const Extents shape = random_shape(dice, order, 9000);
        // Magnitudes from 1e-12 to 1: plain sums do differ by their order here.
        std::vector<double> all = random_entries<double>(shape.product(), trial);
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i] *= std::pow(10.0, -static_cast<double>(i % 13));
        }
        const Partition whole(shape, ProcessGrid(alone, Extents::filled(order, 1)));
        const double expected =
            reproducible_squared_norm(DenseTensor<double>("alone", whole, to_device(all)));
        for (int grid = 0; grid < 3; ++grid) {
            const DenseTensor<double> tensor = tensor_of(all, random_partition(dice, shape));
            ASSERT_ALL_RANKS(reproducible_squared_norm(tensor) == expected) << shape.to_string();
        }
    }
}

TEST(ReproducibleNorm, IsExactWhereTheSquaresAre) {
    // Integers: every square and the sum fit in 53 bits, so the result must be exact.
    const Extents shape{31, 57};
    Dice dice(89);
    std::vector<float> all(shape.product());
    std::int64_t expected = 0;
    for (float& value : all) {
        const Index integer = dice.between(-2000, 2000);
        value = static_cast<float>(integer);
        expected += integer * integer;
    }
    const DenseTensor<float> tensor = tensor_of(all, random_partition(dice, shape));
    EXPECT_ALL_RANKS(reproducible_squared_norm(tensor) == static_cast<double>(expected));
}

TEST(ReproducibleNorm, OneLargeAmongManySmall) {
    // The small ones add 1e-6 of the sum, each of them 1e-11 of it.
    const Extents shape{100, 1000};
    Dice dice(90);
    std::vector<double> all(shape.product(), std::sqrt(1e-11));
    all[4321] = 1.0;
    const DenseTensor<double> tensor = tensor_of(all, random_partition(dice, shape));
    EXPECT_NEAR_ALL_RANKS(reproducible_squared_norm(tensor), 1.0 + 99999 * 1e-11, 1e-12);
}

TEST(ReproducibleNorm, WholeRangeOfNumbers) {
    const Extents shape{5, 4};
    Dice dice(91);
    const Partition partition = random_partition(dice, shape);
    const auto of = [&](double value) {
        return reproducible_squared_norm(
            tensor_of(std::vector<double>(shape.product(), value), partition));
    };
    EXPECT_ALL_RANKS(of(0.0) == 0.0);
    EXPECT_NEAR_ALL_RANKS(of(1e150), 20e300, 20e288);
    EXPECT_NEAR_ALL_RANKS(of(-1e-150), 20e-300, 20e-312);
    EXPECT_ALL_RANKS(of(DBL_MAX) == std::numeric_limits<double>::infinity());
    EXPECT_ALL_RANKS(of(std::numeric_limits<double>::denorm_min()) == 0.0);  // as x * x is
    EXPECT_ALL_RANKS(std::isnan(of(std::numeric_limits<double>::quiet_NaN())));
    EXPECT_ALL_RANKS(std::isnan(of(-std::numeric_limits<double>::infinity())));
}

}  // namespace
