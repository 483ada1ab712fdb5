#include <gtest/gtest.h>

#include <set>

#include "../support/all_ranks.hpp"
#include "../tensor/test_tensors.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/problem/low_rank_scene.hpp"

namespace tessera {
namespace {

using namespace test_support;

template <typename T>
std::vector<T> alone(const Extents& whole, Index rank, SceneFactors factors) {
    const ProcessGrid grid(Communicator(MPI_COMM_SELF), Extents::filled(whole.order(), 1));
    return to_host(simulate_low_rank<T>({whole, grid}, rank, factors, 3).block());
}

template <typename T>
void expect_same_bits(const Extents& shape) {
    for (const SceneFactors factors : {SceneFactors::gaussian, SceneFactors::piecewise}) {
        const std::vector<T> expected = alone<T>(shape, 4, factors);
        Dice dice(4);
        for (int round = 0; round < 3; ++round) {
            const auto scene = simulate_low_rank<T>(random_partition(dice, shape), 4, factors, 3);
            EXPECT_ALL_RANKS(holds(scene, expected));
        }
    }
}

TEST(LowRankScene, SameBitsOnEveryGrid) {
    expect_same_bits<double>({23, 31});
    expect_same_bits<float>({7, 8, 9, 5});
}

// Row-major rows x columns entries as a matrix.
Matrix as_matrix(const std::vector<double>& values, Index rows, Index columns) {
    Matrix matrix(rows, columns);
    for (Index i = 0; i < rows; ++i) {
        for (Index j = 0; j < columns; ++j) {
            matrix(i, j) = values[static_cast<std::size_t>(i * columns + j)];
        }
    }
    return matrix;
}

TEST(LowRankSceneOneRank, UnfoldingsHaveTheRank) {
    for (const SceneFactors factors : {SceneFactors::gaussian, SceneFactors::piecewise}) {
        const std::vector<double> values = alone<double>({20, 6, 7}, 5, factors);
        const std::vector<double> spectrum = dense_singular_values(as_matrix(values, 20, 42));
        EXPECT_GT(spectrum[4], 1e-3 * spectrum[0]);
        EXPECT_LT(spectrum[5], 1e-12 * spectrum[0]);
    }
}

TEST(LowRankSceneOneRank, PiecewiseColumnsHaveAtMostTenJumps) {
    // Rank 1: a row of the matrix is a multiple of the second factor's column, which is 0 before
    // its first jump.
    const std::vector<double> values = alone<double>({400, 500}, 1, SceneFactors::piecewise);
    const double* const row = &values[399 * 500];
    std::set<Index> jumps;
    for (Index column = 0; column < 500; ++column) {
        if (row[column] != (column > 0 ? row[column - 1] : 0.0)) {
            jumps.insert(column);
        }
    }
    EXPECT_LE(jumps.size(), 10U);
    EXPECT_GE(jumps.size(), 5U);
}

}  // namespace
}  // namespace tessera
