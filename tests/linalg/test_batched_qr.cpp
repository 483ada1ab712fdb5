// Batched QR against its definition: orthonormal Q, upper R with a diagonal >= 0, product A.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "batches.hpp"
#include "random_matrices.hpp"
#include "tessera/linalg/batched.hpp"

namespace tessera {
namespace {

using namespace test_matrices;

template <typename T>
struct BatchQr {
    std::vector<T> q, r;
};

template <typename T>
BatchQr<T> solve(const std::vector<Matrix>& matrices, bool wants_q = true) {
    const auto count = static_cast<Index>(matrices.size());
    const BatchShape shape{count, matrices.front().rows, matrices.front().columns};
    const auto q = allocate<T>("q", wants_q ? count * shape.rows * shape.rank() : 0);
    const auto r = allocate<T>("r", count * shape.rank() * shape.columns);
    batched_qr(shape, pack<T>(matrices), q, r);
    return {to_host(q), to_host(r)};
}

template <typename T>
void check(const std::vector<Matrix>& matrices) {
    const double tolerance = sizeof(T) == 8 ? 1e-13 : 1e-13 / 2.2e-16 * 1.2e-7;
    const BatchQr<T> found = solve<T>(matrices);
    for (std::size_t b = 0; b < matrices.size(); ++b) {
        SCOPED_TRACE("matrix " + std::to_string(b));
        const Index rows = matrices[b].rows;
        const Index columns = matrices[b].columns;
        const Index rank = std::min(rows, columns);
        const Matrix q = unpack(found.q, static_cast<Index>(b), rows, rank);
        const Matrix r = unpack(found.r, static_cast<Index>(b), rank, columns);
        double largest = 0.0;
        for (const double entry : matrices[b].values) {
            largest = std::max(largest, std::abs(entry));
        }
        EXPECT_LE(orthonormality_error(q), tolerance);
        EXPECT_LE(difference(product(q, r), matrices[b]), tolerance * largest);
        for (Index i = 0; i < rank; ++i) {
            EXPECT_GE(r(i, i), 0.0);
            for (Index j = 0; j < i; ++j) {
                EXPECT_EQ(r(i, j), 0.0);
            }
        }
    }
    EXPECT_EQ(solve<T>(matrices, false).r, found.r);
}

struct Shape {
    Index rows, columns;
};

class BatchedQrOneRank : public ::testing::TestWithParam<Shape> {};

TEST_P(BatchedQrOneRank, FactorsRandomDeficientAndZeroMatrices) {
    const auto [rows, columns] = GetParam();
    std::vector<Matrix> matrices;
    for (unsigned b = 0; b < 15; ++b) {
        matrices.push_back(random_matrix(rows, columns, b + 1));
    }
    matrices.push_back(Matrix(rows, columns));
    Matrix ones(rows, columns);
    std::fill(ones.values.begin(), ones.values.end(), 1.0);
    matrices.push_back(ones);
    Matrix huge = random_matrix(rows, columns, 40);
    Matrix tiny = huge;
    for (std::size_t i = 0; i < huge.values.size(); ++i) {
        huge.values[i] *= 1e30;
        tiny.values[i] *= 1e-30;
    }
    matrices.push_back(huge);
    matrices.push_back(tiny);
    check<double>(matrices);
    check<float>(matrices);
}

INSTANTIATE_TEST_SUITE_P(Shapes, BatchedQrOneRank,
                         ::testing::Values(Shape{1, 1}, Shape{4, 4}, Shape{16, 16}, Shape{64, 64},
                                           Shape{30, 7}, Shape{7, 30}, Shape{9, 1}, Shape{1, 9}),
                         [](const auto& shape) {
                             return std::to_string(shape.param.rows) + "x" +
                                    std::to_string(shape.param.columns);
                         });

TEST(BatchedQrNanOneRank, NotANumberReachesRAndNoOtherMatrix) {
    std::vector<Matrix> matrices(11, random_matrix(5, 4, 2));
    matrices[6](3, 0) = std::numeric_limits<double>::quiet_NaN();
    const BatchQr<double> found = solve<double>(matrices);
    for (std::size_t b = 0; b < matrices.size(); ++b) {
        EXPECT_EQ(std::isnan(found.r[b * 16]), b == 6) << b;
    }
}

}  // namespace
}  // namespace tessera
