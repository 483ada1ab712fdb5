#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "all_ranks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/tensor/contraction.hpp"
#include "test_tensors.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

Matrix random_matrix(Index rows, Index columns, std::uint64_t seed) {
    Matrix matrix(rows, columns);
    matrix.values = random_entries<double>(rows * columns, seed);
    return matrix;
}

Extents with_mode(Extents shape, int mode, Index extent) {
    shape[mode] = extent;
    return shape;
}

/// By the definition, in float64.
template <typename T>
std::vector<double> naive_product(const std::vector<T>& entries, const Extents& shape, int mode,
                                  const Matrix& w) {
    const Extents result_shape = with_mode(shape, mode, w.rows);
    std::vector<double> result(static_cast<std::size_t>(result_shape.product()), 0.0);
    for (Index entry = 0; entry < result_shape.product(); ++entry) {
        Extents position = row_major_position(entry, result_shape);
        const Index j = position[mode];
        for (Index m = 0; m < shape[mode]; ++m) {
            position[mode] = m;
            result[static_cast<std::size_t>(entry)] +=
                w(j, m) * static_cast<double>(
                              entries[static_cast<std::size_t>(row_major_offset(position, shape))]);
        }
    }
    return result;
}

template <typename T>
Matrix naive_gram(const std::vector<T>& entries, const Extents& shape, int mode) {
    Matrix gram(shape[mode], shape[mode]);
    for (Index entry = 0; entry < shape.product(); ++entry) {
        Extents position = row_major_position(entry, shape);
        const Index i = position[mode];
        for (Index j = 0; j < shape[mode]; ++j) {
            position[mode] = j;
            gram(i, j) += static_cast<double>(entries[static_cast<std::size_t>(entry)]) *
                          static_cast<double>(
                              entries[static_cast<std::size_t>(row_major_offset(position, shape))]);
        }
    }
    return gram;
}

std::string trace(const Partition& partition, int mode) {
    return "mode " + std::to_string(mode) + " of " + partition.shape().to_string() + " on " +
           partition.grid().dims().to_string();
}

template <typename T>
void check_product(const std::vector<T>& entries, const Partition& partition, int mode,
                   Index rows) {
    SCOPED_TRACE(trace(partition, mode) + " by " + std::to_string(rows) + " rows");
    const Extents& shape = partition.shape();
    const Matrix w = random_matrix(rows, shape[mode], 21);
    const DenseTensor<T> tensor = tensor_of(entries, partition);
    const DenseTensor<T> result = tensor_times_matrix(tensor, mode, w, "result");
    const Partition expected_partition(with_mode(shape, mode, rows), partition.grid());
    ASSERT_ALL_RANKS(result.partition() == expected_partition && result.label() == "result");
    const std::vector<double> expected =
        box_of(naive_product(entries, shape, mode, w), result.shape(), result.box());
    const std::vector<T> got = to_host(result.block());
    // Sums of shape[mode] products below 1, each rounded to T, and w itself rounded to T.
    const double tolerance = 2.0 * static_cast<double>(shape[mode] + 2) *
                             static_cast<double>(std::numeric_limits<T>::epsilon());
    double difference = 0.0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        difference = std::max(difference, std::abs(static_cast<double>(got[i]) - expected[i]));
    }
    EXPECT_NEAR_ALL_RANKS(difference, 0.0, tolerance);
    EXPECT_ALL_RANKS(holds(tensor, entries));
}

template <typename T>
void check_gram(const std::vector<T>& entries, const Partition& partition, int mode,
                Index fetched_entries) {
    SCOPED_TRACE(trace(partition, mode) + " fetching " + std::to_string(fetched_entries));
    const Matrix gram = unfolding_gram(tensor_of(entries, partition), mode, fetched_entries);
    const Matrix expected = naive_gram(entries, partition.shape(), mode);
    ASSERT_ALL_RANKS(gram.rows == expected.rows && gram.columns == expected.columns);
    // Rounding of sums of so many products, in float64 whatever T is, relative to the largest that
    // they can be; sums in float32 would be off by 1e8 times as much.
    const double terms = static_cast<double>(partition.shape().product() / gram.rows + 4);
    double relative = 0.0;
    bool symmetric = true;
    for (Index i = 0; i < gram.rows; ++i) {
        for (Index j = 0; j < gram.columns; ++j) {
            const double largest = std::sqrt(expected(i, i) * expected(j, j));
            relative = std::max(relative, std::abs(gram(i, j) - expected(i, j)) / largest);
            symmetric = symmetric && gram(i, j) == gram(j, i);
        }
    }
    EXPECT_NEAR_ALL_RANKS(relative, 0.0, std::numeric_limits<double>::epsilon() * terms);
    EXPECT_ALL_RANKS(symmetric);
}

std::vector<Extents> grids_of_order_3() {
    const Index ranks = Communicator::world().size();
    std::vector<Extents> grids = {{ranks, 1, 1}, {1, ranks, 1}, {1, 1, ranks}};
    if (ranks % 2 == 0) {
        grids.insert(grids.end(), {{2, ranks / 2, 1}, {1, 2, ranks / 2}, {ranks / 2, 1, 2}});
    }
    return grids;
}

template <typename T>
class ContractionTest : public ::testing::Test {};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(ContractionTest, Scalars);

TYPED_TEST(ContractionTest, TensorTimesMatrixOnRandomGrids) {
    Dice dice(81);
    for (int trial = 0; trial < 6; ++trial) {
        const int order = 1 + trial % 6;
        const Extents shape = random_shape(dice, order, 1500);
        const Partition partition = random_partition(dice, shape);
        const auto entries = random_entries<TypeParam>(shape.product(), 22);
        for (int mode = 0; mode < order; ++mode) {
            check_product(entries, partition, mode, dice.between(1, 9));
        }
    }
}

TYPED_TEST(ContractionTest, TensorTimesMatrixAlongSplitModes) {
    const Extents shape = {7, 10, 6};
    const auto entries = random_entries<TypeParam>(shape.product(), 23);
    for (const Extents& grid : grids_of_order_3()) {
        const Partition partition(shape, ProcessGrid(Communicator::world(), grid));
        for (int mode = 0; mode < 3; ++mode) {
            // Fewer rows than ranks, fewer and more than the mode has.
            for (const Index rows : {1, 5, 13}) {
                check_product(entries, partition, mode, rows);
            }
        }
    }
}

TYPED_TEST(ContractionTest, TensorTimesMatrixWithMoreRanksThanSlices) {
    const Extents shape = {2, 5, 3};
    const auto entries = random_entries<TypeParam>(shape.product(), 24);
    const Partition partition(
        shape, ProcessGrid(Communicator::world(), {Communicator::world().size(), 1, 1}));
    for (int mode = 0; mode < 3; ++mode) {
        check_product(entries, partition, mode, 4);
        check_gram(entries, partition, mode, default_fetched_entries);
    }
}

TYPED_TEST(ContractionTest, GramOnRandomGrids) {
    Dice dice(82);
    for (int trial = 0; trial < 6; ++trial) {
        const int order = 1 + trial % 6;
        const Extents shape = random_shape(dice, order, 1500);
        const Partition partition = random_partition(dice, shape);
        const auto entries = random_entries<TypeParam>(shape.product(), 25);
        for (int mode = 0; mode < order; ++mode) {
            check_gram(entries, partition, mode, default_fetched_entries);
        }
    }
}

TYPED_TEST(ContractionTest, GramFetchesRowsInAnyNumberOfRounds) {
    const Extents shape = {7, 10, 6};
    const auto entries = random_entries<TypeParam>(shape.product(), 26);
    for (const Extents& grid : grids_of_order_3()) {
        const Partition partition(shape, ProcessGrid(Communicator::world(), grid));
        for (int mode = 0; mode < 3; ++mode) {
            // One row at a time, some, all.
            for (const Index fetched : {Index{1}, Index{50}, default_fetched_entries}) {
                check_gram(entries, partition, mode, fetched);
            }
        }
    }
}

TEST(Contraction, RefusesWhatDoesNotFit) {
    const Partition partition(
        {4, 5}, ProcessGrid(Communicator::world(), {Communicator::world().size(), 1}));
    const DenseTensor<double> tensor("tensor", partition);
    EXPECT_THROW((void)tensor_times_matrix(tensor, 1, Matrix(3, 4)), UsageError);
    EXPECT_THROW((void)tensor_times_matrix(tensor, 2, Matrix(3, 5)), UsageError);
    EXPECT_THROW((void)unfolding_gram(tensor, -1), UsageError);
}

}  // namespace
