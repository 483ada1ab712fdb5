// Functions of the spectra of a batch, A V diag(weights) V^T, against naive sums. The vectors need
// not be orthonormal for that.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "batches.hpp"
#include "random_matrices.hpp"
#include "tessera/linalg/batched.hpp"

namespace tessera {
namespace {

using namespace test_matrices;

struct Shape {
    Index rows, columns;
};

std::vector<double> random_entries(Index count, unsigned seed) {
    return random_matrix(count, 1, seed).values;
}

class BatchedReweightOneRank : public ::testing::TestWithParam<Shape> {
  protected:
    static constexpr Index count = 5;
    const Index rows = GetParam().rows;
    const Index columns = GetParam().columns;
    const std::vector<double> a = random_entries(count * rows * columns, 1);
    const std::vector<double> vectors = random_entries(count * columns * columns, 2);
    std::vector<double> weights = random_entries(count * columns, 3);
    const std::vector<double> before = random_entries(count * rows * columns, 4);

    [[nodiscard]] std::vector<double> run(const std::vector<Index>& which, Target target) const {
        const DeviceView<double> out = to_device(before);
        batched_reweight({rows, columns, to_device(a), to_device(vectors), to_device(weights)},
                         to_device(which), target, out);
        return to_host(out);
    }

    // Sum over k and l of a(row, l) v_k(l) weight_k v_k(column).
    [[nodiscard]] double entry(Index matrix, Index row, Index column) const {
        double sum = 0.0;
        for (Index k = 0; k < columns; ++k) {
            const double* const v = vectors.data() + (matrix * columns + k) * columns;
            double along = 0.0;
            for (Index l = 0; l < columns; ++l) {
                along += a[static_cast<std::size_t>((matrix * rows + row) * columns + l)] * v[l];
            }
            sum += along * weights[static_cast<std::size_t>(matrix * columns + k)] * v[column];
        }
        return sum;
    }

    void expect_products(const std::vector<Index>& which, Target target) const {
        std::vector<double> expected = before;
        for (const Index matrix : which) {
            for (Index row = 0; row < rows; ++row) {
                for (Index column = 0; column < columns; ++column) {
                    double& to = expected[static_cast<std::size_t>((matrix * rows + row) * columns +
                                                                   column)];
                    to = entry(matrix, row, column) + (target == Target::added_to ? to : 0.0);
                }
            }
        }
        const std::vector<double> found = run(which, target);
        // Sums of columns^2 products of four normal numbers.
        const double tolerance = 1e-14 * static_cast<double>(columns * columns);
        for (std::size_t place = 0; place < expected.size(); ++place) {
            ASSERT_NEAR(found[place], expected[place], tolerance) << place;
        }
    }
};

TEST_P(BatchedReweightOneRank, AgreesWithNaiveSums) {
    expect_products({0, 1, 2, 3, 4}, Target::overwritten);
    expect_products({0, 1, 2, 3, 4}, Target::added_to);
}

TEST_P(BatchedReweightOneRank, LeavesOtherMatricesAlone) {
    expect_products({1, 4}, Target::overwritten);
    expect_products({3}, Target::added_to);
    expect_products({}, Target::overwritten);
}

TEST_P(BatchedReweightOneRank, WeightsOfZeroDropTheirVectors) {
    for (Index matrix = 0; matrix < count; ++matrix) {
        // The last ones of each, more from matrix to matrix, and the first one.
        for (Index k = 0; k < columns; ++k) {
            if (k == 0 || k + matrix * columns / 4 >= columns) {
                weights[static_cast<std::size_t>(matrix * columns + k)] = 0.0;
            }
        }
    }
    expect_products({0, 1, 2, 3, 4}, Target::overwritten);
}

INSTANTIATE_TEST_SUITE_P(Shapes, BatchedReweightOneRank,
                         ::testing::Values(Shape{1, 1}, Shape{3, 2}, Shape{9, 4}, Shape{7, 7},
                                           Shape{30, 30}, Shape{25, 24}, Shape{40, 25},
                                           Shape{64, 64}, Shape{75, 67}),
                         [](const auto& shape) {
                             return std::to_string(shape.param.rows) + "x" +
                                    std::to_string(shape.param.columns);
                         });

}  // namespace
}  // namespace tessera
