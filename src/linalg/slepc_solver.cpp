#include "slepc_solver.hpp"

#include <slepcsvd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>

#include "explicit_matrix.hpp"
#include "petsc_errors.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

// Restarts that were never needed in practice. Subspace iteration shrinks errors only by
// (value behind the subspace / wanted value)^2 in each iteration, so it gets more of them: 1000
// reach 1e-10 where that ratio of values is at least 1.012.
constexpr Index default_restarts = 200;
constexpr Index default_randomized_iterations = 1000;

// Of the solver that only -svd_type can choose: its matrices then take 1 GiB on each rank.
constexpr Index most_rows_of_lapack = 6000;

const char* slepc_type(SvdSolver solver) {
    switch (solver) {
        case SvdSolver::trlanczos:
            return SVDTRLANCZOS;
        case SvdSolver::cross:
            return SVDCROSS;
        case SvdSolver::randomized:
            return SVDRANDOMIZED;
        case SvdSolver::scalapack:
            return SVDSCALAPACK;
    }
    return SVDTRLANCZOS;
}

/// The PETSc objects of one solve and what their callbacks need.
class Solve {
  public:
    Solve(const TallOperator& b, const DistributedSvdOptions& options, double largest);
    ~Solve() {
        for (Vec& vector : start_) {
            VecDestroy(&vector);
        }
        VecDestroy(&result_);
        SVDDestroy(&svd_);
        MatDestroy(&matrix_);
    }
    Solve(const Solve&) = delete;
    Solve& operator=(const Solve&) = delete;

    SolverOutcome run();

  private:
    void check_sizes() const;
    void probe_memory() const;
    void create_shell();
    void configure();
    void set_convergence_test();
    void set_start_vectors();
    void choose_basis_storage();
    [[nodiscard]] bool is(const char* type) const { return type_ == type; }
    /// Whether the solver needs the entries.
    [[nodiscard]] bool is_explicit() const {
        return is(SVDSCALAPACK) || is(SVDLAPACK) || is(SVDELEMENTAL);
    }
    void copy_result(double* target);
    [[nodiscard]] SolverOutcome collect();
    /// Rethrows what a product threw; otherwise the library's own error.
    void check_solve(PetscErrorCode code, const char* call);
    double relative_error(double sigma, double residual);

    static PetscErrorCode multiply(Mat matrix, Vec x, Vec y);
    static PetscErrorCode multiply_transpose(Mat matrix, Vec y, Vec x);
    static PetscErrorCode test_svd(SVD svd, PetscReal sigma, PetscReal residual, PetscReal* error,
                                   void* context);
    static PetscErrorCode test_eigen(EPS eps, PetscScalar value, PetscScalar imaginary,
                                     PetscReal residual, PetscReal* error, void* context);
    template <typename Product>
    PetscErrorCode product(Vec from, Vec to, Product call);

    const TallOperator& b_;
    const DistributedSvdOptions& options_;
    double largest_;
    double next_residual_ = 0.0;
    Index subspace_;
    std::string type_;
    double tolerance_ = 0.0;
    std::exception_ptr thrown_;
    SVD svd_ = nullptr;
    Mat matrix_ = nullptr;
    Vec result_ = nullptr;
    std::vector<Vec> start_;
};

Solve::Solve(const TallOperator& b, const DistributedSvdOptions& options, double largest)
    : b_(b),
      options_(options),
      largest_(largest),
      subspace_(subspace_size(options, b.columns() - b.locked_count())) {}

void Solve::check_sizes() const {
    constexpr auto limit = static_cast<Index>(std::numeric_limits<PetscInt>::max());
    if (b_.rows() > limit) {
        throw UsageError("The matrix of the singular value decomposition has " +
                         std::to_string(b_.rows()) + " rows, more than the " +
                         std::to_string(limit) +
                         " that the integers of this PETSc can count: choose another unfolding, or "
                         "build PETSc with 64-bit indices.");
    }
    if (is(SVDLAPACK) && b_.rows() > most_rows_of_lapack) {
        throw UsageError("SVD solver lapack works with several " + std::to_string(b_.rows()) +
                         " x " + std::to_string(b_.rows()) +
                         " matrices on every rank: use scalapack or trlanczos.");
    }
    if (is_explicit() && b_.rows() > limit / b_.columns()) {
        throw UsageError("The matrix of the singular value decomposition is " +
                         std::to_string(b_.rows()) + " x " + std::to_string(b_.columns()) +
                         ", too large for solver " + type_ + ", which takes at most " +
                         std::to_string(limit) + " entries: use trlanczos.");
    }
}

void Solve::probe_memory() const {
    const auto rows = static_cast<double>(b_.local_rows());
    const auto columns = static_cast<double>(b_.local_columns());
    const auto all_columns = static_cast<double>(b_.columns());
    const auto vectors = static_cast<double>(subspace_ + 1);
    double numbers = (rows + columns) * vectors;
    if (is(SVDCROSS)) {
        numbers = rows + columns * vectors;
    } else if (is_explicit()) {
        numbers = 4.0 * rows * all_columns;
    }
    const double bytes = numbers * sizeof(double);
    // PETSc allocates inside collective calls, where one rank alone could not leave any more.
    agree(b_.communicator(), [&] {
        const std::unique_ptr<void, decltype(&std::free)> probe(
            std::malloc(static_cast<std::size_t>(bytes) + 1), &std::free);
        if (probe == nullptr) {
            throw MemoryError("Not enough memory for the " + format_bytes(bytes) +
                              " per rank of SVD solver " + type_ +
                              ": use more nodes, fewer values or a smaller subspace.");
        }
    });
}

template <typename Product>
PetscErrorCode Solve::product(Vec from, Vec to, Product call) {
    const PetscScalar* source = nullptr;
    PetscScalar* target = nullptr;
    PetscFunctionBeginUser;
    PetscCall(VecGetArrayRead(from, &source));
    PetscCall(VecGetArrayWrite(to, &target));
    try {
        call(source, target);
    } catch (...) {
        // No exception may pass through the C code between here and the solve.
        thrown_ = std::current_exception();
    }
    PetscCall(VecRestoreArrayRead(from, &source));
    PetscCall(VecRestoreArrayWrite(to, &target));
    PetscFunctionReturn(thrown_ ? PETSC_ERR_LIB : 0);
}

PetscErrorCode Solve::multiply(Mat matrix, Vec x, Vec y) {
    void* context = nullptr;
    PetscFunctionBeginUser;
    PetscCall(MatShellGetContext(matrix, &context));
    auto& self = *static_cast<Solve*>(context);
    PetscFunctionReturn(
        self.product(x, y, [&](const double* from, double* to) { self.b_.apply(from, to); }));
}

PetscErrorCode Solve::multiply_transpose(Mat matrix, Vec y, Vec x) {
    void* context = nullptr;
    PetscFunctionBeginUser;
    PetscCall(MatShellGetContext(matrix, &context));
    auto& self = *static_cast<Solve*>(context);
    PetscFunctionReturn(self.product(
        y, x, [&](const double* from, double* to) { self.b_.apply_transpose(from, to); }));
}

double Solve::relative_error(double sigma, double residual) {
    largest_ = std::max(largest_, sigma);
    const double noise = rounding_level(b_.rows()) * largest_;
    // A value at the rounding level is as good as it will ever be.
    if (residual == 0.0 || sigma <= noise) {
        return 0.0;
    }
    const double error = residual / std::max(sigma, noise / tolerance_);
    if (error >= tolerance_) {
        next_residual_ = residual / sigma;
    }
    return error;
}

PetscErrorCode Solve::test_svd(SVD /*svd*/, PetscReal sigma, PetscReal residual, PetscReal* error,
                               void* context) {
    *error = static_cast<Solve*>(context)->relative_error(sigma, residual);
    return 0;
}

PetscErrorCode Solve::test_eigen(EPS /*eps*/, PetscScalar value, PetscScalar /*imaginary*/,
                                 PetscReal residual, PetscReal* error, void* context) {
    // With u = A v / s, A^T A v - s^2 v is s (A^T u - s v).
    const double sigma = std::sqrt(std::max(PetscRealPart(value), 0.0));
    *error =
        static_cast<Solve*>(context)->relative_error(sigma, sigma > 0.0 ? residual / sigma : 0.0);
    return 0;
}

void Solve::create_shell() {
    TESSERA_PETSC(MatCreateShell(b_.communicator().handle(), static_cast<PetscInt>(b_.local_rows()),
                                 static_cast<PetscInt>(b_.local_columns()),
                                 static_cast<PetscInt>(b_.rows()),
                                 static_cast<PetscInt>(b_.columns()), this, &matrix_));
    TESSERA_PETSC(
        MatShellSetOperation(matrix_, MATOP_MULT, reinterpret_cast<void (*)(void)>(multiply)));
    TESSERA_PETSC(MatShellSetOperation(matrix_, MATOP_MULT_TRANSPOSE,
                                       reinterpret_cast<void (*)(void)>(multiply_transpose)));
}

void Solve::configure() {
    const bool randomized = options_.solver == SvdSolver::randomized;
    const Index iterations = options_.maximum_iterations > 0
                                 ? options_.maximum_iterations
                                 : (randomized ? default_randomized_iterations : default_restarts);
    TESSERA_PETSC(SVDCreate(b_.communicator().handle(), &svd_));
    TESSERA_PETSC(SVDSetType(svd_, slepc_type(options_.solver)));
    TESSERA_PETSC(SVDSetImplicitTranspose(svd_, PETSC_TRUE));
    TESSERA_PETSC(SVDSetWhichSingularTriplets(svd_, SVD_LARGEST));
    TESSERA_PETSC(SVDSetDimensions(svd_, static_cast<PetscInt>(options_.count),
                                   static_cast<PetscInt>(subspace_), PETSC_DEFAULT));
    TESSERA_PETSC(SVDSetTolerances(svd_, options_.tolerance, static_cast<PetscInt>(iterations)));
    TESSERA_PETSC(SVDSetFromOptions(svd_));

    SVDType type = nullptr;
    PetscInt subspace = 0;
    PetscReal tolerance = 0.0;
    TESSERA_PETSC(SVDGetType(svd_, &type));
    TESSERA_PETSC(SVDGetDimensions(svd_, nullptr, &subspace, nullptr));
    TESSERA_PETSC(SVDGetTolerances(svd_, &tolerance, nullptr));
    type_ = type;
    tolerance_ = tolerance;
    subspace_ = std::min<Index>(subspace, b_.columns() - b_.locked_count());
    if (is(SVDCROSS)) {
        // Its eigensolver wants one vector more than values, or all there are; the locked vectors
        // may serve, as vectors of value 0.
        subspace_ = std::max(subspace_, std::min(options_.count + 1, b_.columns()));
    }
    TESSERA_PETSC(SVDSetDimensions(svd_, static_cast<PetscInt>(options_.count),
                                   static_cast<PetscInt>(subspace_), PETSC_DEFAULT));
}

void Solve::set_convergence_test() {
    if (is(SVDCROSS)) {
        // The solver of eigenvalues gets its own test when it is set up, and may be given ours
        // after.
        TESSERA_PETSC(SVDSetUp(svd_));
        EPS eigen = nullptr;
        TESSERA_PETSC(SVDCrossGetEPS(svd_, &eigen));
        TESSERA_PETSC(EPSSetConvergenceTestFunction(eigen, test_eigen, this, nullptr));
    } else if (is(SVDTRLANCZOS) || is(SVDLANCZOS) || is(SVDRANDOMIZED)) {
        TESSERA_PETSC(SVDSetConvergenceTestFunction(svd_, test_svd, this, nullptr));
    }
}

/// All of them for subspace iteration, the first for Krylov methods: SLEPc's own would depend on
/// the number of ranks.
void Solve::set_start_vectors() {
    const Index count = is(SVDRANDOMIZED) ? subspace_ : 1;
    for (Index i = 0; i < count; ++i) {
        Vec vector = nullptr;
        TESSERA_PETSC(MatCreateVecs(matrix_, &vector, nullptr));
        start_.push_back(vector);
        PetscScalar* values = nullptr;
        TESSERA_PETSC(VecGetArrayWrite(vector, &values));
        b_.random_short_vector(options_.seed, static_cast<std::uint32_t>(i), values);
        TESSERA_PETSC(VecRestoreArrayWrite(vector, &values));
    }
    TESSERA_PETSC(
        SVDSetInitialSpaces(svd_, static_cast<PetscInt>(count), start_.data(), 0, nullptr));
}

/// The default keeps all vectors of a basis in one, whose length must fit a PetscInt.
void Solve::choose_basis_storage() {
    constexpr auto limit = static_cast<Index>(std::numeric_limits<PetscInt>::max());
    if (b_.rows() > limit / (subspace_ + 1)) {
        BV right = nullptr;
        BV left = nullptr;
        TESSERA_PETSC(SVDGetBV(svd_, &right, &left));
        TESSERA_PETSC(BVSetType(right, BVVECS));
        TESSERA_PETSC(BVSetType(left, BVVECS));
    }
}

void Solve::check_solve(PetscErrorCode code, const char* call) {
    if (thrown_) {
        std::rethrow_exception(thrown_);
    }
    check_petsc(code, call);
}

/// This rank's columns of a right vector.
void Solve::copy_result(double* target) {
    const PetscScalar* values = nullptr;
    TESSERA_PETSC(VecGetArrayRead(result_, &values));
    if (is_explicit()) {
        copy_explicit_result(b_, result_, values, target);
    } else {
        std::copy_n(values, b_.local_columns(), target);
    }
    TESSERA_PETSC(VecRestoreArrayRead(result_, &values));
}

SolverOutcome Solve::collect() {
    SolverOutcome outcome;
    PetscInt converged = 0;
    PetscInt iterations = 0;
    TESSERA_PETSC(SVDGetConverged(svd_, &converged));
    TESSERA_PETSC(SVDGetIterationNumber(svd_, &iterations));
    outcome.solver = type_;
    outcome.tolerance = tolerance_;
    outcome.iterations = iterations;
    outcome.next_residual = next_residual_;
    const Index found = std::min<Index>(converged, options_.count);
    outcome.vectors = Matrix(b_.local_columns(), found);
    TESSERA_PETSC(MatCreateVecs(matrix_, &result_, nullptr));
    for (Index i = 0; i < found; ++i) {
        if (is(SVDCROSS)) {
            // Through the SVD object this would compute a left vector for every right one.
            EPS eigen = nullptr;
            TESSERA_PETSC(SVDCrossGetEPS(svd_, &eigen));
            TESSERA_PETSC(EPSGetEigenvector(eigen, static_cast<PetscInt>(i), result_, nullptr));
        } else {
            PetscReal value = 0.0;
            TESSERA_PETSC(
                SVDGetSingularTriplet(svd_, static_cast<PetscInt>(i), &value, nullptr, result_));
        }
        copy_result(outcome.vectors.data() + i * b_.local_columns());
    }
    return outcome;
}

SolverOutcome Solve::run() {
    configure();
    check_sizes();
    probe_memory();
    if (is_explicit()) {
        create_explicit_matrix(b_, matrix_);
    } else {
        create_shell();
    }
    TESSERA_PETSC(SVDSetOperators(svd_, matrix_, nullptr));
    if (!is_explicit()) {
        choose_basis_storage();
    }
    // Solvers that only -svd_type can choose start as they like: some (cyclic) crash on these
    // vectors.
    if (is(SVDTRLANCZOS) || is(SVDLANCZOS) || is(SVDCROSS) || is(SVDRANDOMIZED)) {
        set_start_vectors();
    }
    set_convergence_test();
    check_solve(SVDSolve(svd_), "SVDSolve");
    return collect();
}

}  // namespace

Index subspace_size(const DistributedSvdOptions& options, Index available) {
    const Index count = options.count;
    Index size = options.subspace;
    if (size == 0) {
        size = options.solver == SvdSolver::randomized ? count + std::max<Index>(10, count / 2)
                                                       : std::max(2 * count, count + 10);
    }
    return std::clamp(size, count, available);
}

double rounding_level(Index rows) {
    return std::numeric_limits<double>::epsilon() * (64.0 + std::sqrt(static_cast<double>(rows)));
}

SolverOutcome solve_with_slepc(const TallOperator& b, const DistributedSvdOptions& options,
                               double largest) {
    return Solve(b, options, largest).run();
}

}  // namespace tessera
