#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "all_ranks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/linalg/distributed_svd.hpp"
#include "tessera/tensor/reductions.hpp"
#include "tessera/tensor/unfolding_operator.hpp"
#include "test_tensors.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

/// The unfolding as a matrix, entry by entry, by the definition: modes first..last-1 number the
/// columns, the others the rows, each in row-major order.
template <typename T>
Matrix naive_unfolding(const std::vector<T>& entries, const Extents& shape, int first, int last) {
    const Index columns = shape.product(first, last);
    Matrix matrix(shape.product() / columns, columns);
    for (Index entry = 0; entry < shape.product(); ++entry) {
        const Extents position = row_major_position(entry, shape);
        Index row = 0;
        Index column = 0;
        for (int mode = 0; mode < shape.order(); ++mode) {
            Index& number = first <= mode && mode < last ? column : row;
            number = number * shape[mode] + position[mode];
        }
        matrix(row, column) = static_cast<double>(entries[static_cast<std::size_t>(entry)]);
    }
    return matrix;
}

std::vector<double> owned_entries(const MatrixOperator& a, Side side,
                                  const std::vector<double>& whole) {
    std::vector<double> own;
    const Index count = side == Side::rows ? a.local_rows() : a.local_columns();
    for (Index i = 0; i < count; ++i) {
        const Index global = side == Side::rows ? a.global_row(i) : a.global_column(i);
        own.push_back(whole[static_cast<std::size_t>(global)]);
    }
    return own;
}

/// Whether `own` are this rank's entries of `whole`, to within rounding: sums of so many terms
/// below 1 with random signs stay of the order of the root of their number.
bool agrees(const MatrixOperator& a, Side side, const std::vector<double>& own,
            const std::vector<double>& whole, Index terms) {
    const std::vector<double> expected = owned_entries(a, side, whole);
    const auto count = static_cast<double>(terms + 8);
    const double tolerance = std::numeric_limits<double>::epsilon() * count * std::sqrt(count);
    for (std::size_t i = 0; i < own.size(); ++i) {
        if (!(std::abs(own[i] - expected[i]) <= tolerance)) {
            return false;
        }
    }
    return true;
}

/// Every row and column belongs to exactly one rank.
bool is_dealt_out(const MatrixOperator& a) {
    std::vector<double> owners(static_cast<std::size_t>(a.rows() + a.columns()), 0.0);
    for (Index i = 0; i < a.local_rows(); ++i) {
        owners[static_cast<std::size_t>(a.global_row(i))] += 1.0;
    }
    for (Index j = 0; j < a.local_columns(); ++j) {
        owners[static_cast<std::size_t>(a.rows() + a.global_column(j))] += 1.0;
    }
    a.communicator().sum_in_place(owners.data(), a.rows() + a.columns());
    return owners == std::vector<double>(owners.size(), 1.0);
}

template <typename T>
void check_products(const std::vector<T>& entries, const Partition& partition, int first,
                    int last) {
    SCOPED_TRACE("modes " + std::to_string(first) + " to " + std::to_string(last) + " of " +
                 partition.shape().to_string() + " on " + partition.grid().dims().to_string());
    const Matrix matrix = naive_unfolding(entries, partition.shape(), first, last);
    const UnfoldingOperator<T> a(tensor_of(entries, partition), first, last);
    ASSERT_ALL_RANKS(a.rows() == matrix.rows && a.columns() == matrix.columns);
    ASSERT_ALL_RANKS(is_dealt_out(a));

    const std::vector<double> x = random_entries<double>(a.columns(), 1);
    const std::vector<double> y = random_entries<double>(a.rows(), 2);
    std::vector<double> product(y.size(), 0.0);
    std::vector<double> transposed_product(x.size(), 0.0);
    for (Index i = 0; i < matrix.rows; ++i) {
        for (Index j = 0; j < matrix.columns; ++j) {
            product[static_cast<std::size_t>(i)] += matrix(i, j) * x[static_cast<std::size_t>(j)];
            transposed_product[static_cast<std::size_t>(j)] +=
                matrix(i, j) * y[static_cast<std::size_t>(i)];
        }
    }
    // What is there before must not matter.
    std::vector<double> own_y(static_cast<std::size_t>(a.local_rows()), std::nan(""));
    std::vector<double> own_x(static_cast<std::size_t>(a.local_columns()), std::nan(""));
    a.apply(owned_entries(a, Side::columns, x).data(), own_y.data());
    EXPECT_ALL_RANKS(agrees(a, Side::rows, own_y, product, a.columns()));
    a.apply_transpose(owned_entries(a, Side::rows, y).data(), own_x.data());
    EXPECT_ALL_RANKS(agrees(a, Side::columns, own_x, transposed_product, a.rows()));
}

template <typename T>
class UnfoldingOperatorTest : public ::testing::Test {};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(UnfoldingOperatorTest, Scalars);

TYPED_TEST(UnfoldingOperatorTest, AllUnfoldingsOfAllOrdersOnRandomGrids) {
    Dice dice(71);
    for (int trial = 0; trial < 6; ++trial) {
        const int order = 1 + trial % 6;
        const Extents shape = random_shape(dice, order, 1500);
        const Partition partition = random_partition(dice, shape);
        const auto entries = random_entries<TypeParam>(shape.product(), 3);
        for (int first = 0; first < order; ++first) {
            for (int last = first + 1; last <= order; ++last) {
                check_products(entries, partition, first, last);
            }
        }
    }
}

TYPED_TEST(UnfoldingOperatorTest, BlocksOfManyTiles) {
    struct Case {
        Extents shape;
        int first, last;
    };
    // Narrow and wide ends, long columns, long rows; several tiles in each direction.
    const std::vector<Case> cases = {
        {{5000}, 0, 1},       {{3, 5003, 1}, 1, 2}, {{2500, 9, 1}, 1, 2},   {{700, 40, 2}, 1, 2},
        {{400, 31, 3}, 1, 2}, {{3, 4500, 4}, 1, 2}, {{2, 13, 5000}, 1, 2},  {{1, 6000, 5}, 1, 2},
        {{300, 17, 7}, 1, 2}, {{17, 4999}, 0, 1},   {{6, 70, 11, 12}, 1, 3}};
    Dice dice(72);
    for (const Case& item : cases) {
        const auto entries = random_entries<TypeParam>(item.shape.product(), 4);
        check_products(entries, random_partition(dice, item.shape), item.first, item.last);
    }
}

TYPED_TEST(UnfoldingOperatorTest, SplitsOfRowsAndColumnsAtOnce) {
    const Index ranks = Communicator::world().size();
    const Extents shape = {7, 10, 6};
    const auto entries = random_entries<TypeParam>(shape.product(), 5);
    std::vector<Extents> grids = {{ranks, 1, 1}, {1, ranks, 1}, {1, 1, ranks}};
    if (ranks % 2 == 0) {
        grids.insert(grids.end(), {{2, ranks / 2, 1}, {1, 2, ranks / 2}, {ranks / 2, 1, 2}});
    }
    for (const Extents& grid : grids) {
        const Partition partition(shape, ProcessGrid(Communicator::world(), grid));
        check_products(entries, partition, 1, 2);
        check_products(entries, partition, 0, 2);
        check_products(entries, partition, 1, 3);
    }
}

TYPED_TEST(UnfoldingOperatorTest, IsItsTransposesTranspose) {
    Dice dice(73);
    for (int trial = 0; trial < 10; ++trial) {
        const Extents shape = random_shape(dice, 3, 20000);
        const auto entries = random_entries<TypeParam>(shape.product(), 6);
        const UnfoldingOperator<TypeParam> a(tensor_of(entries, random_partition(dice, shape)), 1,
                                             2);
        const std::vector<double> x =
            owned_entries(a, Side::columns, random_entries<double>(a.columns(), 7));
        const std::vector<double> y =
            owned_entries(a, Side::rows, random_entries<double>(a.rows(), 8));
        std::vector<double> ax(y.size());
        std::vector<double> aty(x.size());
        a.apply(x.data(), ax.data());
        a.apply_transpose(y.data(), aty.data());
        double left = 0.0;
        double right = 0.0;
        double size = 0.0;
        for (std::size_t i = 0; i < y.size(); ++i) {
            left += y[i] * ax[i];
            size += y[i] * y[i] + ax[i] * ax[i];
        }
        for (std::size_t j = 0; j < x.size(); ++j) {
            right += x[j] * aty[j];
        }
        const Communicator& world = Communicator::world();
        EXPECT_NEAR_ALL_RANKS(world.sum(left), world.sum(right), 1e-14 * world.sum(size));
    }
}

TYPED_TEST(UnfoldingOperatorTest, RepeatsToTheLastBitAndFollowsTheTensor) {
    const Extents shape = {40, 30, 20};
    Dice dice(74);
    const Partition partition = random_partition(dice, shape);
    const auto entries = random_entries<TypeParam>(shape.product(), 9);
    const DenseTensor<TypeParam> tensor = tensor_of(entries, partition);
    const UnfoldingOperator<TypeParam> a(tensor, 1, 2);
    const std::vector<double> x =
        owned_entries(a, Side::columns, random_entries<double>(a.columns(), 10));
    std::vector<double> once(static_cast<std::size_t>(a.local_rows()));
    std::vector<double> twice(once.size());
    a.apply(x.data(), once.data());
    a.apply(x.data(), twice.data());
    EXPECT_ALL_RANKS(once == twice);
    fill(tensor, TypeParam{0});
    a.apply(x.data(), once.data());
    EXPECT_ALL_RANKS(once == std::vector<double>(once.size(), 0.0));
}

TYPED_TEST(UnfoldingOperatorTest, SingularValuesAreLapacksOnAnyGrid) {
    const Extents shape = {9, 8, 7};
    const auto entries = random_entries<TypeParam>(shape.product(), 11);
    Dice dice(75);
    for (int mode = 0; mode < 3; ++mode) {
        const Matrix matrix = naive_unfolding(entries, shape, mode, mode + 1);
        const DenseSvd lapack = dense_svd(matrix);
        const UnfoldingOperator<TypeParam> a(tensor_of(entries, random_partition(dice, shape)),
                                             mode, mode + 1);
        for (const SvdSolver solver : {SvdSolver::trlanczos, SvdSolver::cross,
                                       SvdSolver::randomized, SvdSolver::scalapack}) {
            DistributedSvdOptions options;
            options.solver = solver;
            options.count = 3;
            const Triplets triplets = distributed_svd(a, options);
            for (std::size_t j = 0; j < 3; ++j) {
                const double expected = lapack.singular_values[j];
                EXPECT_NEAR_ALL_RANKS(triplets.values[j], expected, 1e-10 * expected);
            }
        }
    }
}

TEST(UnfoldingOperatorRange, MustBeModesOfTheTensor) {
    const Partition partition(
        {4, 5}, ProcessGrid(Communicator::world(), {Communicator::world().size(), 1}));
    const DenseTensor<double> tensor("tensor", partition);
    for (const auto& [first, last] : {std::pair{-1, 1}, {1, 1}, {1, 3}, {2, 3}}) {
        EXPECT_THROW(UnfoldingOperator<double>(tensor, first, last), UsageError);
    }
}

}  // namespace
