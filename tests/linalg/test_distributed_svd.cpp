#include <gtest/gtest.h>
#include <petscsys.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <limits>
#include <string>
#include <vector>

#include "all_ranks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/random.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/linalg/distributed_svd.hpp"
#include "tessera/linalg/slepc.hpp"

namespace tessera {
namespace {

/// A replicated matrix of which each rank owns some rows and columns, dealt out unevenly and not in
/// order; the last of several ranks owns no column.
class DealtOperator : public MatrixOperator {
  public:
    DealtOperator(Matrix matrix, const Communicator& communicator)
        : matrix_(std::move(matrix)), communicator_(communicator) {
        for (Index i = 0; i < matrix_.rows; ++i) {
            if ((i * i / 3) % communicator.size() == communicator.rank()) {
                rows_.push_back(i);
            }
        }
        const Index column_owners = std::max(communicator.size() - 1, 1);
        for (Index j = matrix_.columns; j-- > 0;) {
            if ((j / 2) % column_owners == communicator.rank()) {
                columns_.push_back(j);
            }
        }
    }

    [[nodiscard]] const Communicator& communicator() const override { return communicator_; }
    [[nodiscard]] Index rows() const override { return matrix_.rows; }
    [[nodiscard]] Index columns() const override { return matrix_.columns; }
    [[nodiscard]] Index local_rows() const override { return static_cast<Index>(rows_.size()); }
    [[nodiscard]] Index local_columns() const override {
        return static_cast<Index>(columns_.size());
    }
    [[nodiscard]] Index global_row(Index i) const override { return rows_[i]; }
    [[nodiscard]] Index global_column(Index j) const override { return columns_[j]; }

    void apply(const double* x, double* y) const override {
        ++products;
        std::vector<double> whole(matrix_.columns, 0.0);
        for (std::size_t j = 0; j < columns_.size(); ++j) {
            whole[columns_[j]] = x[j];
        }
        communicator_.sum_in_place(whole.data(), matrix_.columns);
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            y[i] = 0.0;
            for (Index j = 0; j < matrix_.columns; ++j) {
                y[i] += matrix_(rows_[i], j) * whole[j];
            }
        }
    }
    void apply_transpose(const double* y, double* x) const override {
        std::vector<double> whole(matrix_.rows, 0.0);
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            whole[rows_[i]] = y[i];
        }
        communicator_.sum_in_place(whole.data(), matrix_.rows);
        for (std::size_t j = 0; j < columns_.size(); ++j) {
            x[j] = 0.0;
            for (Index i = 0; i < matrix_.rows; ++i) {
                x[j] += matrix_(i, columns_[j]) * whole[i];
            }
        }
    }

    mutable Index products = 0;

  private:
    Matrix matrix_;
    Communicator communicator_;
    std::vector<Index> rows_;
    std::vector<Index> columns_;
};

Matrix random_matrix(Index rows, Index columns, std::uint32_t stream) {
    const Random random(20240501, stream);
    Matrix matrix(rows, columns);
    for (Index i = 0; i < rows * columns; ++i) {
        matrix.values[i] = random.normal(i);
    }
    return matrix;
}

Matrix product(const Matrix& a, const Matrix& b) {
    Matrix c(a.rows, b.columns);
    for (Index i = 0; i < a.rows; ++i) {
        for (Index j = 0; j < b.columns; ++j) {
            for (Index k = 0; k < a.columns; ++k) {
                c(i, j) += a(i, k) * b(k, j);
            }
        }
    }
    return c;
}

Matrix transposed(const Matrix& a) {
    Matrix t(a.columns, a.rows);
    for (Index i = 0; i < a.rows; ++i) {
        for (Index j = 0; j < a.columns; ++j) {
            t(j, i) = a(i, j);
        }
    }
    return t;
}

/// A matrix with the given singular values and random singular vectors.
Matrix with_spectrum(Index rows, Index columns, const std::vector<double>& spectrum) {
    const auto count = static_cast<Index>(spectrum.size());
    Matrix left = dense_qr(random_matrix(rows, count, 1)).q;
    const Matrix right = dense_qr(random_matrix(columns, count, 2)).q;
    for (Index j = 0; j < count; ++j) {
        for (Index i = 0; i < rows; ++i) {
            left(i, j) *= spectrum[j];
        }
    }
    return product(left, transposed(right));
}

/// Falls by a factor of 1.6 from value to value.
std::vector<double> graded(Index count, double first = 100.0) {
    std::vector<double> values;
    for (Index i = 0; i < count; ++i) {
        values.push_back(first * std::pow(1.6, -static_cast<double>(i)));
    }
    return values;
}

DistributedSvdOptions leading(Index count, SvdSolver solver = SvdSolver::trlanczos) {
    DistributedSvdOptions options;
    options.solver = solver;
    options.count = count;
    return options;
}

/// Largest |V^T V - I| of vectors shared out over ranks.
double orthogonality_error(const MatrixOperator& a, Side side, const Matrix& local) {
    const Matrix whole = replicate(a, side, local);
    const Matrix gram = product(transposed(whole), whole);
    double error = 0.0;
    for (Index i = 0; i < gram.rows; ++i) {
        for (Index j = 0; j < gram.columns; ++j) {
            error = std::max(error, std::abs(gram(i, j) - (i == j ? 1.0 : 0.0)));
        }
    }
    return error;
}

double largest_difference(const Matrix& a, const Matrix& b) {
    double difference =
        a.rows == b.rows && a.columns == b.columns ? 0.0 : std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < std::min(a.values.size(), b.values.size()); ++i) {
        difference = std::max(difference, std::abs(a.values[i] - b.values[i]));
    }
    return difference;
}

/// The text of the Error that `work` ends with, and its code.
template <typename Work>
std::pair<std::string, ExitCode> error_of(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        return {error.what(), error.code()};
    }
    return {"no error", ExitCode::done};
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
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
        const Matrix matrix =
            with_spectrum(shape.rows, shape.columns, graded(std::min(shape.rows, shape.columns)));
        const DealtOperator a(matrix, Communicator::world());
        check_against_lapack(matrix, distributed_svd(a, leading(shape.count, GetParam())), a);
    }
}

TEST_P(DistributedSvdSolver, BatchesOfLockedTripletsEqualOneSolve) {
    for (const bool wide : {false, true}) {
        Matrix matrix = with_spectrum(60, 20, graded(20));
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
    const Matrix matrix = with_spectrum(25, 7, graded(7));
    const DealtOperator a(matrix, Communicator::world());
    Triplets locked;
    for (const Index count : {4, 2, 1}) {
        append(locked, distributed_svd(a, leading(count, GetParam()), &locked));
    }
    check_against_lapack(matrix, locked, a);
}

TEST_P(DistributedSvdSolver, ValuesBeyondTheRankAreZeroWithOrthonormalVectors) {
    const Matrix matrix = with_spectrum(50, 18, graded(4, 1e4));
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
        const Matrix matrix = with_spectrum(40, 12, graded(12, factor));
        const DealtOperator a(matrix, Communicator::world());
        const Triplets triplets = distributed_svd(a, leading(4, GetParam()));
        const std::vector<double> expected = graded(4, factor);
        for (Index j = 0; j < 4; ++j) {
            EXPECT_NEAR_ALL_RANKS(triplets.values[j] / expected[j], 1.0, 1e-10);
        }
    }
}

TEST_P(DistributedSvdSolver, DoesNotDependOnTheNumberOfRanks) {
    const Matrix matrix = with_spectrum(48, 20, graded(20));
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
    EXPECT_NEAR_ALL_RANKS(largest_difference(spread_right, single_right), 0.0, 1e-10);
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
    const Matrix matrix = with_spectrum(80, 30, spectrum);
    const DealtOperator a(matrix, Communicator::world());
    const Triplets triplets = distributed_svd(a, leading(13));
    for (int i = 0; i < 13; ++i) {
        // The matrix itself holds its values to 1e-16 of the largest one only, times a small
        // factor.
        EXPECT_NEAR_ALL_RANKS(triplets.values[i], spectrum[i], 1e-10 * spectrum[i] + 1e-15);
    }
}

TEST(DistributedSvd, CrossSaysWhenTheSquaredConditionNumberIsTooMuch) {
    const Matrix matrix = with_spectrum(60, 20, {1.0, 0.5, 1e-9, 1e-10});
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
    const Matrix matrix = with_spectrum(40, 15, {3.0, 2.0, 2.0, 2.0, 1.0, 0.5});
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
        Matrix matrix = with_spectrum(45, 16, graded(16));
        if (wide) {
            matrix = transposed(matrix);
        }
        const DealtOperator a(matrix, Communicator::world());
        const Triplets first = distributed_svd(a, leading(3));
        const Triplets straight = distributed_svd(a, leading(3), &first);

        const Side side = short_side(a);
        const Matrix kept = replicate(a, side, side == Side::rows ? first.left : first.right);
        const Triplets restored = restore_triplets(a, first.values, first.residuals, kept);
        EXPECT_NEAR_ALL_RANKS(largest_difference(restored.left, first.left), 0.0, 1e-12);
        EXPECT_NEAR_ALL_RANKS(largest_difference(restored.right, first.right), 0.0, 1e-12);
        const Triplets resumed = distributed_svd(a, leading(3), &restored);
        EXPECT_ALL_RANKS(resumed.values == straight.values);
        EXPECT_ALL_RANKS(resumed.left.values == straight.left.values);
        EXPECT_ALL_RANKS(resumed.right.values == straight.right.values);
    }
}

TEST(DistributedSvd, LooserToleranceTakesFewerProducts) {
    const Matrix matrix = with_spectrum(90, 60, graded(60));
    DistributedSvdOptions options = leading(4, SvdSolver::randomized);
    const DealtOperator tight(matrix, Communicator::world());
    (void)distributed_svd(tight, options);
    options.tolerance = 1e-2;
    const DealtOperator loose(matrix, Communicator::world());
    (void)distributed_svd(loose, options);
    EXPECT_ALL_RANKS(loose.products < tight.products);
}

TEST(DistributedSvd, EverySolverMeetsALooseTolerance) {
    const Matrix matrix = with_spectrum(90, 60, graded(60));
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

TEST(DistributedSvd, SaysHowFarItGot) {
    // A flat spectrum behind the values asked for, which one restart cannot resolve.
    std::vector<double> spectrum(150);
    for (int i = 0; i < 150; ++i) {
        spectrum[i] = 1.0 + 0.001 * (150 - i);
    }
    const DealtOperator a(with_spectrum(160, 150, spectrum), Communicator::world());
    DistributedSvdOptions options = leading(5);
    options.maximum_iterations = 1;
    const auto [text, code] = error_of([&] { (void)distributed_svd(a, options); });
    EXPECT_ALL_RANKS(code == ExitCode::missed);
    EXPECT_ALL_RANKS(contains(text, "trlanczos") && contains(text, "0 of 5") &&
                     contains(text, "in 1 iterations"))
        << text;
}

TEST(DistributedSvd, RefusesWhatCannotBe) {
    const DealtOperator a(with_spectrum(20, 6, graded(6)), Communicator::world());
    const auto too_many = error_of([&] { (void)distributed_svd(a, leading(7)); });
    EXPECT_ALL_RANKS(too_many.second == ExitCode::usage && contains(too_many.first, "1 to 6"));
    const Triplets locked = distributed_svd(a, leading(4));
    const auto with_locked = error_of([&] { (void)distributed_svd(a, leading(3), &locked); });
    EXPECT_ALL_RANKS(with_locked.second == ExitCode::usage &&
                     contains(with_locked.first, "1 to 2"));
    EXPECT_ALL_RANKS(error_of([&] { (void)svd_solver("lanczosx"); }).second == ExitCode::usage);

    Matrix spoiled = with_spectrum(20, 6, graded(6));
    spoiled(13, 4) = std::numeric_limits<double>::quiet_NaN();
    const DealtOperator b(spoiled, Communicator::world());
    const auto nan = error_of([&] { (void)distributed_svd(b, leading(2)); });
    EXPECT_ALL_RANKS(nan.second == ExitCode::usage && contains(nan.first, "NaN"));
}

/// Claims to be large; holds one row and column per rank.
class HugeOperator : public MatrixOperator {
  public:
    HugeOperator(Index rows, Index columns) : rows_(rows), columns_(columns) {}
    [[nodiscard]] const Communicator& communicator() const override {
        return Communicator::world();
    }
    [[nodiscard]] Index rows() const override { return rows_; }
    [[nodiscard]] Index columns() const override { return columns_; }
    [[nodiscard]] Index local_rows() const override { return 1; }
    [[nodiscard]] Index local_columns() const override { return 1; }
    [[nodiscard]] Index global_row(Index) const override { return communicator().rank(); }
    [[nodiscard]] Index global_column(Index) const override { return communicator().rank(); }
    void apply(const double* x, double* y) const override { y[0] = x[0]; }
    void apply_transpose(const double* y, double* x) const override { x[0] = y[0]; }

  private:
    Index rows_;
    Index columns_;
};

TEST(DistributedSvd, SaysWhenThereAreMoreRowsThanPetscCanCount) {
    if (sizeof(PetscInt) > 4) {
        GTEST_SKIP() << "this PETSc has 64-bit integers";
    }
    const HugeOperator rows(Index{3} << 31, 100);
    const auto too_tall = error_of([&] { (void)distributed_svd(rows, leading(2)); });
    EXPECT_ALL_RANKS(too_tall.second == ExitCode::usage && contains(too_tall.first, "6442450944"))
        << too_tall.first;
    ensure_slepc("-svd_type lapack");
    const HugeOperator square(20000, 200);
    const auto lapack = error_of([&] { (void)distributed_svd(square, leading(2)); });
    PetscOptionsClearValue(nullptr, "-svd_type");
    EXPECT_ALL_RANKS(lapack.second == ExitCode::usage && contains(lapack.first, "lapack"))
        << lapack.first;
    const HugeOperator entries(Index{1} << 25, 100);
    const auto too_large =
        error_of([&] { (void)distributed_svd(entries, leading(2, SvdSolver::scalapack)); });
    EXPECT_ALL_RANKS(too_large.second == ExitCode::usage && contains(too_large.first, "scalapack"))
        << too_large.first;
}

/// Fails in its second product, on one rank's behalf of all.
class FailingOperator : public HugeOperator {
  public:
    FailingOperator() : HugeOperator(Communicator::world().size(), Communicator::world().size()) {}
    void apply(const double* x, double* y) const override {
        if (++products_ > 3) {
            throw IoError("the product failed");
        }
        HugeOperator::apply(x, y);
    }

  private:
    mutable int products_ = 0;
};

TEST(DistributedSvd, ErrorsOfTheOperatorPassThroughSlepc) {
    const FailingOperator a;
    const auto failure = error_of([&] { (void)distributed_svd(a, leading(1)); });
    EXPECT_ALL_RANKS(failure.second == ExitCode::io && failure.first == "the product failed");
}

TEST(DistributedSvd, PetscOptionsHaveTheLastWord) {
    const DealtOperator a(with_spectrum(30, 12, graded(12)), Communicator::world());
    ensure_slepc("-svd_type nonsense");
    const auto unknown = error_of([&] { (void)distributed_svd(a, leading(2)); });
    EXPECT_ALL_RANKS(unknown.second == ExitCode::usage && contains(unknown.first, "nonsense"))
        << unknown.first;
    // Ends in an error that names the solver and the iterations that the options chose.
    ensure_slepc("-svd_type cross -svd_max_it 1 -svd_ncv 4 -svd_ncvv 3");
    const auto chosen = error_of([&] { (void)distributed_svd(a, leading(3)); });
    EXPECT_ALL_RANKS(contains(chosen.first, "cross") && contains(chosen.first, "in 1 iterations"))
        << chosen.first;
    const std::vector<std::string> unused = unused_petsc_options();
    EXPECT_ALL_RANKS(std::find(unused.begin(), unused.end(), "-svd_ncvv 3") != unused.end());
    EXPECT_ALL_RANKS(std::find(unused.begin(), unused.end(), "-svd_ncv 4") == unused.end());
    for (const char* option : {"-svd_type", "-svd_max_it", "-svd_ncv", "-svd_ncvv"}) {
        PetscOptionsClearValue(nullptr, option);
    }
    const auto malformed = error_of([] { ensure_slepc("svd_ncv 40"); });
    EXPECT_ALL_RANKS(malformed.second == ExitCode::usage && contains(malformed.first, "svd_ncv"));
}

TEST(DistributedSvd, LeavesSignalsToTheProgram) {
    ensure_slepc();
    for (const int number : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP, SIGQUIT, SIGILL, SIGXCPU}) {
        struct sigaction now = {};
        sigaction(number, nullptr, &now);
        EXPECT_ALL_RANKS(now.sa_handler == SIG_DFL) << number;
    }
}

}  // namespace
}  // namespace tessera
