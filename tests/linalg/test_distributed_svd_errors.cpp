// What the distributed SVD refuses, and how it says so.

#include <gtest/gtest.h>
#include <petscsys.h>

#include <algorithm>
#include <csignal>
#include <limits>
#include <string>
#include <vector>

#include "all_ranks.hpp"
#include "dealt_operator.hpp"
#include "tessera/linalg/distributed_svd.hpp"
#include "tessera/linalg/slepc.hpp"

namespace tessera {
namespace {

using namespace test_matrices;

TEST(DistributedSvdErrors, SaysHowFarItGot) {
    // A flat spectrum behind the values asked for, which one restart cannot resolve.
    std::vector<double> spectrum(150);
    for (int i = 0; i < 150; ++i) {
        spectrum[i] = 1.0 + 0.001 * (150 - i);
    }
    const DealtOperator a(with_singular_values(160, 150, spectrum, 1), Communicator::world());
    DistributedSvdOptions options = leading(5);
    options.maximum_iterations = 1;
    const auto [text, code] = error_of([&] { (void)distributed_svd(a, options); });
    EXPECT_ALL_RANKS(code == ExitCode::missed);
    EXPECT_ALL_RANKS(contains(text, "trlanczos") && contains(text, "0 of 5") &&
                     contains(text, "in 1 iterations"))
        << text;
}

TEST(DistributedSvdErrors, RefusesWhatCannotBe) {
    const DealtOperator a(with_singular_values(20, 6, graded(6), 1), Communicator::world());
    const auto too_many = error_of([&] { (void)distributed_svd(a, leading(7)); });
    EXPECT_ALL_RANKS(too_many.second == ExitCode::usage && contains(too_many.first, "1 to 6"));
    const Triplets locked = distributed_svd(a, leading(4));
    const auto with_locked = error_of([&] { (void)distributed_svd(a, leading(3), &locked); });
    EXPECT_ALL_RANKS(with_locked.second == ExitCode::usage &&
                     contains(with_locked.first, "1 to 2"));
    EXPECT_ALL_RANKS(error_of([&] { (void)svd_solver("lanczosx"); }).second == ExitCode::usage);

    Matrix spoiled = with_singular_values(20, 6, graded(6), 1);
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

TEST(DistributedSvdErrors, SaysWhenThereAreMoreRowsThanPetscCanCount) {
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

TEST(DistributedSvdErrors, ErrorsOfTheOperatorPassThroughSlepc) {
    const FailingOperator a;
    const auto failure = error_of([&] { (void)distributed_svd(a, leading(1)); });
    EXPECT_ALL_RANKS(failure.second == ExitCode::io && failure.first == "the product failed");
}

TEST(DistributedSvdAndPetsc, PetscOptionsHaveTheLastWord) {
    const DealtOperator a(with_singular_values(30, 12, graded(12), 1), Communicator::world());
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

TEST(DistributedSvdAndPetsc, LeavesSignalsToTheProgram) {
    ensure_slepc();
    for (const int number : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP, SIGQUIT, SIGILL, SIGXCPU}) {
        struct sigaction now = {};
        sigaction(number, nullptr, &now);
        EXPECT_ALL_RANKS(now.sa_handler == SIG_DFL) << number;
    }
}

}  // namespace
}  // namespace tessera
