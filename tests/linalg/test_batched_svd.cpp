// Batched SVD against LAPACK, one matrix at a time, for every kind of matrix that is hard for some
// method, in batches that leave lanes of a vector empty.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "batches.hpp"
#include "random_matrices.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/batched.hpp"

namespace tessera {
namespace {

using namespace test_matrices;

template <typename T>
struct BatchSvd {
    std::vector<T> s, u, v;
};

template <typename T>
BatchSvd<T> solve(const std::vector<Matrix>& matrices, bool left = true, bool right = true) {
    const auto count = static_cast<Index>(matrices.size());
    const BatchShape shape{count, matrices.front().rows, matrices.front().columns};
    const auto s = allocate<T>("s", count * shape.rank());
    const auto u = allocate<T>("u", left ? count * shape.rows * shape.rank() : 0);
    const auto v = allocate<T>("v", right ? count * shape.columns * shape.rank() : 0);
    batched_svd(shape, pack<T>(matrices), s, u, v);
    return {to_host(s), to_host(u), to_host(v)};
}

template <typename T>
void check(const std::vector<Matrix>& matrices) {
    // Roundings of some hundred reflections and of the rotations of as many sweeps.
    const double tolerance = sizeof(T) == 8 ? 1e-13 : 1e-13 / 2.2e-16 * 1.2e-7;
    const BatchSvd<T> found = solve<T>(matrices);
    for (std::size_t b = 0; b < matrices.size(); ++b) {
        SCOPED_TRACE("matrix " + std::to_string(b));
        const Index rows = matrices[b].rows;
        const Index columns = matrices[b].columns;
        const Index rank = std::min(rows, columns);
        Matrix a = matrices[b];
        for (double& entry : a.values) {
            entry = static_cast<double>(static_cast<T>(entry));
        }
        const std::vector<double> expected = dense_singular_values(a);
        std::vector<double> s;
        for (Index i = 0; i < rank; ++i) {
            s.push_back(static_cast<double>(
                found.s[b * static_cast<std::size_t>(rank) + static_cast<std::size_t>(i)]));
            EXPECT_NEAR(s.back(), expected[static_cast<std::size_t>(i)],
                        tolerance * expected.front());
            EXPECT_TRUE(i == 0 || s.back() <= s[s.size() - 2]);
        }
        const Matrix u = unpack(found.u, static_cast<Index>(b), rows, rank);
        const Matrix v = unpack(found.v, static_cast<Index>(b), columns, rank);
        EXPECT_LE(orthonormality_error(u), tolerance);
        EXPECT_LE(orthonormality_error(v), tolerance);
        EXPECT_LE(difference(compose(u, s, v), a), tolerance * expected.front());
    }
}

void check_both(const std::vector<Matrix>& matrices) {
    check<double>(matrices);
    check<float>(matrices);
}

struct Shape {
    Index rows, columns;
};

class BatchedSvdOneRank : public ::testing::TestWithParam<Shape> {};

TEST_P(BatchedSvdOneRank, RandomBatchesOfAnyCount) {
    const auto [rows, columns] = GetParam();
    for (const int count : {1, 8, 19}) {
        std::vector<Matrix> matrices;
        for (int b = 0; b < count; ++b) {
            matrices.push_back(random_matrix(rows, columns, static_cast<unsigned>(b) + 1));
        }
        check_both(matrices);
    }
}

TEST_P(BatchedSvdOneRank, HardMatricesSideBySide) {
    const auto [rows, columns] = GetParam();
    const Index k = std::min(rows, columns);
    const auto spectrum = [&](auto&& value) {
        std::vector<double> values;
        for (Index i = 0; i < k; ++i) {
            values.push_back(value(static_cast<double>(i)));
        }
        return values;
    };
    auto make = [&, seed = 100u](const std::vector<double>& values) mutable {
        return with_singular_values(rows, columns, values, seed += 2);
    };
    std::vector<Matrix> matrices;
    matrices.push_back(Matrix(rows, columns));                                             // zero
    matrices.push_back(make(spectrum([](double i) { return i < 3.0 ? 3.0 - i : 0.0; })));  // rank 3
    matrices.push_back(make(spectrum([](double) { return 2.0; })));  // all equal
    matrices.push_back(
        make(spectrum([](double i) { return i < 4.0 ? 5.0 : 1.0; })));  // two clusters
    matrices.push_back(make(spectrum([](double i) { return std::pow(10.0, -i); })));  // graded
    matrices.push_back(make(spectrum([](double i) { return std::pow(2.0, -i); })));
    Matrix one_entry(rows, columns);
    one_entry(rows - 1, columns - 1) = -4.0;
    matrices.push_back(one_entry);
    Matrix diagonal(rows, columns);
    for (Index i = 0; i < k; ++i) {
        diagonal(i, i) = static_cast<double>(i % 3);
    }
    matrices.push_back(diagonal);
    Matrix equal_columns(rows, columns);
    std::fill(equal_columns.values.begin(), equal_columns.values.end(), 1.0);
    matrices.push_back(equal_columns);
    Matrix zero_column = random_matrix(rows, columns, 7);
    for (Index i = 0; i < rows; ++i) {
        zero_column(i, columns / 2) = 0.0;
    }
    matrices.push_back(zero_column);
    check_both(matrices);
}

TEST_P(BatchedSvdOneRank, EachPartAloneIsTheSameAsTogether) {
    const auto [rows, columns] = GetParam();
    std::vector<Matrix> matrices;
    for (unsigned b = 0; b < 5; ++b) {
        matrices.push_back(random_matrix(rows, columns, b + 50));
    }
    const BatchSvd<double> all = solve<double>(matrices);
    EXPECT_EQ(solve<double>(matrices, true, false).u, all.u);
    EXPECT_EQ(solve<double>(matrices, false, true).v, all.v);
    EXPECT_EQ(solve<double>(matrices, false, false).s, all.s);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, BatchedSvdOneRank,
    ::testing::Values(Shape{1, 1}, Shape{2, 2}, Shape{5, 5}, Shape{16, 16}, Shape{32, 32},
                      Shape{64, 64}, Shape{33, 7}, Shape{64, 16}, Shape{17, 16}, Shape{7, 33},
                      Shape{5, 64}, Shape{9, 1}, Shape{1, 9}, Shape{100, 100}, Shape{150, 90}),
    [](const auto& shape) {
        return std::to_string(shape.param.rows) + "x" + std::to_string(shape.param.columns);
    });

TEST(BatchedSvdRangeOneRank, HugeAndTinyNumbersSideBySide) {
    std::vector<Matrix> matrices;
    std::vector<double> scales = {1e300, 1e-300, 1.0, 1e-310};
    for (std::size_t b = 0; b < scales.size(); ++b) {
        matrices.push_back(random_matrix(6, 6, 4));
        for (double& entry : matrices.back().values) {
            entry *= scales[b];
        }
    }
    const std::vector<double> expected = dense_singular_values(matrices[2]);
    const BatchSvd<double> found = solve<double>(matrices);
    for (std::size_t b = 0; b < scales.size(); ++b) {
        for (std::size_t i = 0; i < 6; ++i) {
            // Subnormal numbers near 1e-310 have some 13 digits only.
            EXPECT_NEAR(found.s[b * 6 + i] / scales[b] / expected[i], 1.0, b == 3 ? 1e-10 : 1e-13);
        }
    }
}

TEST(BatchedSvdErrorsOneRank, NotANumberNamesTheFirstMatrix) {
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        std::vector<Matrix> matrices(30, random_matrix(4, 4, 5));
        matrices[21](2, 1) = bad;
        matrices[13](3, 3) = bad;
        try {
            (void)solve<double>(matrices);
            FAIL() << "nothing was thrown";
        } catch (const ConvergenceError& error) {
            EXPECT_NE(std::string(error.what()).find("matrix 13 of a batch of 30"),
                      std::string::npos)
                << error.what();
        }
    }
}

TEST(BatchedSvdErrorsOneRank, EmptyBatchesAreFine) {
    batched_svd<double>({0, 4, 4}, {}, {}, {}, {});
    batched_svd<double>({3, 0, 4}, {}, {}, {}, {});
}

}  // namespace
}  // namespace tessera
