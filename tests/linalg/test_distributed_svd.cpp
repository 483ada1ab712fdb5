// The distributed SVD against LAPACK, for every solver.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "all_ranks.hpp"
#include "dealt_operator.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/linalg/distributed_svd.hpp"

namespace tessera {
namespace {

using namespace test_matrices;

/// Largest |V^T V - I| of vectors shared out over ranks.
double orthogonality_error(const MatrixOperator& a, Side side, const Matrix& local) {
    return orthonormality_error(replicate(a, side, local));
}

class DistributedSvdSolver : public ::testing::TestWithParam<SvdSolver> {};

/// Everything that a decomposition has to fulfil, against LAPACK's.
void check_against_lapack(const Matrix& matrix, const Triplets& triplets, const DealtOperator& a) {
    DenseSvd lapack = dense_svd(matrix);
    fix_signs(lapack.v, &lapack.u);
    const Matrix left = replicate(a, Side::rows, triplets.left);
    const Matrix right = replicate(a, Side::columns, triplets.right);
    for (Index j = 0; j < triplets.count(); ++j) {
        const double expected = lapack.singular_values[j];
        EXPECT_NEAR_ALL_RANKS(triplets.values[j], expected, 1e-10 * expected);
        double left_error = 0.0;
        double right_error = 0.0;
        for (Index i = 0; i < left.rows; ++i) {
            left_error = std::max(left_error, std::abs(left(i, j) - lapack.u(i, j)));
        }
        for (Index i = 0; i < right.rows; ++i) {
            right_error = std::max(right_error, std::abs(right(i, j) - lapack.v(i, j)));
        }
        // A residual of 1e-10 s turns a vector by that over the gap of 0.4 s; the squared spectrum
        // of cross loses a factor s_1 / s_k, here up to 17, of 1e-16 twice.
        EXPECT_NEAR_ALL_RANKS(left_error, 0.0, 1e-9);
        EXPECT_NEAR_ALL_RANKS(right_error, 0.0, 1e-9);
        EXPECT_NEAR_ALL_RANKS(triplets.residuals[j], 0.0, 1e-9 * expected);
    }
    EXPECT_NEAR_ALL_RANKS(orthogonality_error(a, Side::rows, triplets.left), 0.0, 1e-13);
    EXPECT_NEAR_ALL_RANKS(orthogonality_error(a, Side::columns, triplets.right), 0.0, 1e-13);
}

TEST_P(DistributedSvdSolver, AgreesWithLapackOnTallWideAndSquareMatrices) {
    struct Shape {
        Index rows, columns, count;
    };
    for (const Shape shape : {Shape{70, 24, 6}, Shape{24, 70, 6}, Shape{30, 30, 5}, Shape{9, 5, 5},
                              Shape{5, 9, 5}, Shape{40, 1, 1}, Shape{1, 1, 1}}) {
        SCOPED_TRACE(std::to_string(shape.rows) + " x " + std::to_string(shape.columns));
        const Matrix matrix = with_singular_values(shape.rows, shape.columns,
                                                   graded(std::min(shape.rows, shape.columns)), 1);
        const DealtOperator a(matrix, Communicator::world());
        check_against_lapack(matrix, distributed_svd(a, leading(shape.count, GetParam())), a);
    }
}

TEST_P(DistributedSvdSolver, BatchesOfLockedTripletsEqualOneSolve) {
    for (const bool wide : {false, true}) {
        Matrix matrix = with_singular_values(60, 20, graded(20), 1);
        if (wide) {
            matrix = transposed(matrix);
        }
        const DealtOperator a(matrix, Communicator::world());
        Triplets locked;
        for (const Index count : {2, 3, 1, 4}) {
            append(locked, distributed_svd(a, leading(count, GetParam()), &locked));
        }
        ASSERT_ALL_RANKS(locked.count() == 10);
        check_against_lapack(matrix, locked, a);
    }
}

TEST_P(DistributedSvdSolver, FindsAllTripletsInBatches) {
    const Matrix matrix = with_singular_values(25, 7, graded(7), 1);
    const DealtOperator a(matrix, Communicator::world());
    Triplets locked;
    for (const Index count : {4, 2, 1}) {
        append(locked, distributed_svd(a, leading(count, GetParam()), &locked));
    }
    check_against_lapack(matrix, locked, a);
}

TEST_P(DistributedSvdSolver, ValuesBeyondTheRankAreZeroWithOrthonormalVectors) {
    const Matrix matrix = with_singular_values(50, 18, graded(4, 1e4), 1);
    const DealtOperator a(matrix, Communicator::world());
    const Triplets triplets = distributed_svd(a, leading(7, GetParam()));
    ASSERT_ALL_RANKS(triplets.count() == 7);
    const std::vector<double> expected = graded(4, 1e4);
    for (Index j = 0; j < 4; ++j) {
        EXPECT_NEAR_ALL_RANKS(triplets.values[j], expected[j], 1e-10 * expected[j]);
    }
    for (Index j = 4; j < 7; ++j) {
        EXPECT_NEAR_ALL_RANKS(triplets.values[j], 0.0, 1e-13 * expected[0]);
    }
    EXPECT_NEAR_ALL_RANKS(orthogonality_error(a, Side::rows, triplets.left), 0.0, 1e-12);
    EXPECT_NEAR_ALL_RANKS(orthogonality_error(a, Side::columns, triplets.right), 0.0, 1e-12);

    // The same through batches: the second one has nothing left to find.
    Triplets locked = distributed_svd(a, leading(4, GetParam()));
    append(locked, distributed_svd(a, leading(3, GetParam()), &locked));
    EXPECT_NEAR_ALL_RANKS(locked.values[6], 0.0, 1e-13 * expected[0]);
    EXPECT_NEAR_ALL_RANKS(orthogonality_error(a, Side::rows, locked.left), 0.0, 1e-12);
}

TEST_P(DistributedSvdSolver, TakesHugeAndTinyNumbers) {
    for (const double factor : {1e140, 1e-140}) {
        const Matrix matrix = with_singular_values(40, 12, graded(12, factor), 1);
        const DealtOperator a(matrix, Communicator::world());
        const Triplets triplets = distributed_svd(a, leading(4, GetParam()));
        const std::vector<double> expected = graded(4, factor);
        for (Index j = 0; j < 4; ++j) {
            EXPECT_NEAR_ALL_RANKS(triplets.values[j] / expected[j], 1.0, 1e-10);
        }
    }
}

TEST_P(DistributedSvdSolver, DoesNotDependOnTheNumberOfRanks) {
    const Matrix matrix = with_singular_values(48, 20, graded(20), 1);
    const DealtOperator together(matrix, Communicator::world());
    // Starts SLEPc, which all ranks have to do together.
    const Triplets spread = distributed_svd(together, leading(5, GetParam()));
    const DealtOperator alone(matrix, Communicator::world().split(Communicator::world().rank(), 0));
    const Triplets single = distributed_svd(alone, leading(5, GetParam()));
    for (Index j = 0; j < 5; ++j) {
        EXPECT_NEAR_ALL_RANKS(spread.values[j], single.values[j], 1e-12 * single.values[j]);
    }
    const Matrix spread_right = replicate(together, Side::columns, spread.right);
    const Matrix single_right = replicate(alone, Side::columns, single.right);
    EXPECT_NEAR_ALL_RANKS(difference(spread_right, single_right), 0.0, 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Solvers, DistributedSvdSolver,
                         ::testing::Values(SvdSolver::trlanczos, SvdSolver::cross,
                                           SvdSolver::randomized, SvdSolver::scalapack),
                         [](const auto& solver) { return to_string(solver.param); });

TEST(DistributedSvd, LanczosResolvesASpectrumOfTwelveDecades) {
    std::vector<double> spectrum;
    for (int i = 0; i < 13; ++i) {
        spectrum.push_back(std::pow(10.0, -i));
    }
    const Matrix matrix = with_singular_values(80, 30, spectrum, 1);
    const DealtOperator a(matrix, Communicator::world());
    const Triplets triplets = distributed_svd(a, leading(13));
    for (int i = 0; i < 13; ++i) {
        // The matrix itself holds its values to 1e-16 of the largest one only, times a small
        // factor.
        EXPECT_NEAR_ALL_RANKS(triplets.values[i], spectrum[i], 1e-10 * spectrum[i] + 1e-15);
    }
}

TEST(DistributedSvd, CrossSaysWhenTheSquaredConditionNumberIsTooMuch) {
    const Matrix matrix = with_singular_values(60, 20, {1.0, 0.5, 1e-9, 1e-10}, 1);
    const DealtOperator a(matrix, Communicator::world());
    const auto [text, code] =
        error_of([&] { (void)distributed_svd(a, leading(4, SvdSolver::cross)); });
    EXPECT_ALL_RANKS(code == ExitCode::missed);
    EXPECT_ALL_RANKS(contains(text, "cross") && contains(text, "2 of 4") &&
                     contains(text, "trlanczos"))
        << text;
}

TEST(DistributedSvd, ZeroMatrixHasZeroValues) {
    const DealtOperator a(Matrix(20, 8), Communicator::world());
    const Triplets triplets = distributed_svd(a, leading(3));
    EXPECT_ALL_RANKS(triplets.values == std::vector<double>(3, 0.0));
    EXPECT_NEAR_ALL_RANKS(orthogonality_error(a, Side::rows, triplets.left), 0.0, 1e-13);
    EXPECT_NEAR_ALL_RANKS(orthogonality_error(a, Side::columns, triplets.right), 0.0, 1e-13);
}

TEST(DistributedSvd, EqualValuesSpanTheirSpace) {
    const Matrix matrix = with_singular_values(40, 15, {3.0, 2.0, 2.0, 2.0, 1.0, 0.5}, 1);
    const DealtOperator a(matrix, Communicator::world());
    const Triplets triplets = distributed_svd(a, leading(4));
    const std::vector<double> expected = {3.0, 2.0, 2.0, 2.0};
    for (Index j = 0; j < 4; ++j) {
        EXPECT_NEAR_ALL_RANKS(triplets.values[j], expected[j], 1e-12);
    }
    EXPECT_NEAR_ALL_RANKS(orthogonality_error(a, Side::columns, triplets.right), 0.0, 1e-13);
}

TEST(DistributedSvd, FirstOfEquallyLargeEntriesIsPositive) {
    // Singular vectors (1, 1)/sqrt 2 and (1, -1)/sqrt 2 of [[2, 1], [1, 2]].
    Matrix matrix(2, 2);
    matrix.values = {2.0, 1.0, 1.0, 2.0};
    const DealtOperator a(matrix, Communicator::world());
    const Matrix right = replicate(a, Side::columns, distributed_svd(a, leading(2)).right);
    const double half = std::sqrt(0.5);
    EXPECT_NEAR_ALL_RANKS(right(0, 0), half, 1e-12);
    EXPECT_NEAR_ALL_RANKS(right(1, 0), half, 1e-12);
    EXPECT_NEAR_ALL_RANKS(right(0, 1), half, 1e-12);
    EXPECT_NEAR_ALL_RANKS(right(1, 1), -half, 1e-12);
}

TEST(DistributedSvd, BatchesGoOnFromRestoredTripletsToTheSameBits) {
    for (const bool wide : {false, true}) {
        Matrix matrix = with_singular_values(45, 16, graded(16), 1);
        if (wide) {
            matrix = transposed(matrix);
        }
        const DealtOperator a(matrix, Communicator::world());
        const Triplets first = distributed_svd(a, leading(3));
        const Triplets straight = distributed_svd(a, leading(3), &first);

        const Side side = short_side(a);
        const Matrix kept = replicate(a, side, side == Side::rows ? first.left : first.right);
        const Triplets restored = restore_triplets(a, first.values, first.residuals, kept);
        EXPECT_NEAR_ALL_RANKS(difference(restored.left, first.left), 0.0, 1e-12);
        EXPECT_NEAR_ALL_RANKS(difference(restored.right, first.right), 0.0, 1e-12);
        const Triplets resumed = distributed_svd(a, leading(3), &restored);
        EXPECT_ALL_RANKS(resumed.values == straight.values);
        EXPECT_ALL_RANKS(resumed.left.values == straight.left.values);
        EXPECT_ALL_RANKS(resumed.right.values == straight.right.values);
    }
}

TEST(DistributedSvd, LooserToleranceTakesFewerProducts) {
    const Matrix matrix = with_singular_values(90, 60, graded(60), 1);
    DistributedSvdOptions options = leading(4, SvdSolver::randomized);
    const DealtOperator tight(matrix, Communicator::world());
    (void)distributed_svd(tight, options);
    options.tolerance = 1e-2;
    const DealtOperator loose(matrix, Communicator::world());
    (void)distributed_svd(loose, options);
    EXPECT_ALL_RANKS(loose.products < tight.products);
}

TEST(DistributedSvd, EverySolverMeetsALooseTolerance) {
    const Matrix matrix = with_singular_values(90, 60, graded(60), 1);
    const std::vector<double> expected = graded(4);
    for (const SvdSolver solver : {SvdSolver::trlanczos, SvdSolver::cross, SvdSolver::randomized}) {
        DistributedSvdOptions options = leading(4, solver);
        options.tolerance = 1e-3;
        options.subspace = 6;
        const DealtOperator a(matrix, Communicator::world());
        const Triplets triplets = distributed_svd(a, options);
        for (Index j = 0; j < 4; ++j) {
            // Ten times the tolerance is let pass, because solvers only estimate their residuals;
            // the value's error is at most its residual.
            EXPECT_NEAR_ALL_RANKS(triplets.residuals[j], 0.0, 1e-2 * expected[j]);
            EXPECT_NEAR_ALL_RANKS(triplets.values[j], expected[j], 1e-2 * expected[j]);
        }
    }
}

}  // namespace
}  // namespace tessera
