// The LAPACK wrappers: definitions checked by naive products, so that argument mix-ups show.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "random_matrices.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/dense_svd.hpp"

namespace tessera {
namespace {

using namespace test_matrices;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

void check_svd(const Matrix& a, double tolerance) {
    const Index k = std::min(a.rows, a.columns);
    const DenseSvd svd = dense_svd(a);
    ASSERT_EQ(svd.u.rows, a.rows);
    ASSERT_EQ(svd.v.rows, a.columns);
    ASSERT_EQ(svd.u.columns, k);
    ASSERT_EQ(svd.v.columns, k);
    EXPECT_LE(orthonormality_error(svd.u), 1e-13);
    EXPECT_LE(orthonormality_error(svd.v), 1e-13);
    EXPECT_LE(difference(compose(svd.u, svd.singular_values, svd.v), a), tolerance);
    for (std::size_t i = 1; i < svd.singular_values.size(); ++i) {
        EXPECT_LE(svd.singular_values[i], svd.singular_values[i - 1]);
    }
    const std::vector<double> alone = dense_singular_values(a);
    for (std::size_t i = 0; i < alone.size(); ++i) {
        EXPECT_NEAR(alone[i], svd.singular_values[i], tolerance);
    }
}

TEST(DenseSvdOneRank, TallWideSquareAndDeficient) {
    check_svd(random_matrix(30, 8, 1), 1e-13);
    check_svd(random_matrix(8, 30, 2), 1e-13);
    check_svd(random_matrix(90, 90, 3), 1e-12);
    check_svd(with_singular_values(20, 10, {3.0, 1.0}, 4), 1e-13);
    check_svd(Matrix(5, 3), 0.0);
    check_svd(random_matrix(1, 1, 5), 1e-15);
}

TEST(DenseSvdOneRank, FindsTheSingularValuesPutIn) {
    const std::vector<double> expected = {7.0, 3.0, 3.0, 0.5, 1e-9};
    const std::vector<double> found =
        dense_singular_values(with_singular_values(40, 5, expected, 6));
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(found[i], expected[i], 1e-14);
    }
}

TEST(DenseSvdOneRank, EmptyMatrices) {
    EXPECT_TRUE(dense_svd(Matrix(0, 4)).singular_values.empty());
    EXPECT_TRUE(dense_svd(Matrix(4, 0)).singular_values.empty());
    EXPECT_TRUE(symmetric_eigen(Matrix(0, 0)).values.empty());
    EXPECT_EQ(dense_qr(Matrix(4, 0)).q.rows, 4);
}

TEST(DenseSvdOneRank, NotANumberAndInfinityAreErrors) {
    for (const double bad : {not_a_number, std::numeric_limits<double>::infinity()}) {
        Matrix a = random_matrix(6, 4, 7);
        a(5, 1) = bad;
        EXPECT_THROW((void)dense_svd(a), ConvergenceError);
        EXPECT_THROW((void)dense_singular_values(a), ConvergenceError);
        Matrix square = random_matrix(4, 4, 8);
        square(1, 3) = bad;
        EXPECT_THROW((void)symmetric_eigen(square), ConvergenceError);
    }
}

TEST(SymmetricEigenOneRank, ReadsTheUpperTriangleAndSortsDescending) {
    const Index n = 25;
    const Matrix q = dense_qr(random_matrix(n, n, 9)).q;
    std::vector<double> values;
    for (Index i = 0; i < n; ++i) {
        values.push_back(10.0 - static_cast<double>(i));  // of both signs
    }
    Matrix a = compose(q, values, q);
    for (Index j = 0; j < n; ++j) {
        for (Index i = j + 1; i < n; ++i) {
            a(i, j) = not_a_number;
        }
    }
    const SymmetricEigen eigen = symmetric_eigen(a);
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_NEAR(eigen.values[i], values[i], 1e-12);
    }
    EXPECT_LE(orthonormality_error(eigen.vectors), 1e-13);
    EXPECT_LE(
        difference(compose(eigen.vectors, eigen.values, eigen.vectors), compose(q, values, q)),
        1e-12);
}

TEST(DenseQrOneRank, TallWideAndDeficient) {
    for (const Matrix& a : {random_matrix(20, 6, 10), random_matrix(6, 20, 11), Matrix(5, 4),
                            with_singular_values(12, 12, {2.0, 1.0}, 12)}) {
        const Index k = std::min(a.rows, a.columns);
        const DenseQr qr = dense_qr(a);
        EXPECT_EQ(qr.q.columns, k);
        EXPECT_LE(orthonormality_error(qr.q), 1e-13);
        EXPECT_LE(difference(product(qr.q, qr.r), a), 1e-13);
        for (Index i = 0; i < k; ++i) {
            EXPECT_GE(qr.r(i, i), 0.0);
            for (Index j = 0; j < i; ++j) {
                EXPECT_EQ(qr.r(i, j), 0.0);
            }
        }
    }
}

TEST(FixSignsOneRank, LargestEntryBecomesPositiveAndThePartnerFollows) {
    Matrix v(3, 3);
    v(0, 0) = 0.5;
    v(1, 0) = -0.8;  // largest: flipped
    v(0, 1) = 0.9;   // positive already
    v(2, 1) = -0.1;
    const double half = std::sqrt(0.5);
    v(0, 2) = -half * (1.0 - 1e-15);  // a tie but for rounding: the first decides
    v(1, 2) = half;
    Matrix partner(2, 3);
    partner(0, 0) = 1.0;
    partner(0, 1) = 1.0;
    partner(0, 2) = 1.0;
    fix_signs(v, &partner);
    EXPECT_EQ(v(1, 0), 0.8);
    EXPECT_EQ(v(0, 0), -0.5);
    EXPECT_EQ(v(0, 1), 0.9);
    EXPECT_GT(v(0, 2), 0.0);
    EXPECT_EQ(partner(0, 0), -1.0);
    EXPECT_EQ(partner(0, 1), 1.0);
    EXPECT_EQ(partner(0, 2), -1.0);
}

}  // namespace
}  // namespace tessera
