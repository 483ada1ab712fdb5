// The factor against a known one, and the refusal of matrices that have none.

#include <gtest/gtest.h>

#include "tessera/linalg/cholesky.hpp"

namespace tessera {
namespace {

TEST(CholeskyOneRank, IsTheUpperFactor) {
    // R = (2 1 -1; 0 3 4; 0 0 5), a = R^T R; the lower triangle of the input is not read.
    Matrix a(3, 3);
    a.values = {4.0, 99.0, 99.0, 2.0, 10.0, 99.0, -2.0, 11.0, 42.0};
    ASSERT_TRUE(cholesky(a));
    const std::vector<double> expected{2.0, 0.0, 0.0, 1.0, 3.0, 0.0, -1.0, 4.0, 5.0};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(a.values[i], expected[i], 1e-14);
    }
}

TEST(CholeskyOneRank, SaysWhereThereIsNone) {
    Matrix indefinite(2, 2);
    indefinite.values = {1.0, 2.0, 2.0, 1.0};
    EXPECT_FALSE(cholesky(indefinite));
}

}  // namespace
}  // namespace tessera
