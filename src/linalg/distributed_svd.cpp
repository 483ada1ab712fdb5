#include "tessera/linalg/distributed_svd.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

#include "ritz_refinement.hpp"
#include "slepc_solver.hpp"
#include "tall_operator.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/linalg/slepc.hpp"

namespace tessera {
namespace {

constexpr std::array<std::pair<SvdSolver, const char*>, 4> solver_names = {
    {{SvdSolver::trlanczos, "trlanczos"},
     {SvdSolver::cross, "cross"},
     {SvdSolver::randomized, "randomized"},
     {SvdSolver::scalapack, "scalapack"}}};

// Of solver cross: residuals below 1e-5 of the value leave the value itself right to about 1e-10,
// its square, after the refinement.
constexpr double cross_residual_limit = 1e-5;

std::string short_number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1e", value);
    return text.data();
}

void check_options(const MatrixOperator& a, const DistributedSvdOptions& options, Index locked) {
    const Index available = std::min(a.rows(), a.columns()) - locked;
    if (options.count < 1 || options.count > available) {
        throw UsageError("The singular value decomposition of a " + std::to_string(a.rows()) +
                         " x " + std::to_string(a.columns()) + " matrix with " +
                         std::to_string(locked) + " triplets known was asked for " +
                         std::to_string(options.count) + " more; expected 1 to " +
                         std::to_string(available) + ".");
    }
    if (!(options.tolerance > 0.0 && options.tolerance < 1.0)) {
        throw UsageError("The tolerance of the singular value decomposition is " +
                         short_number(options.tolerance) +
                         "; expected a number between 0 and 1, such as 1e-10.");
    }
}

Matrix joined(const Matrix* first, const Matrix& second) {
    if (first == nullptr) {
        return second;
    }
    Matrix both(second.rows, first->columns + second.columns);
    std::copy(first->values.begin(), first->values.end(), both.values.begin());
    std::copy(second.values.begin(), second.values.end(),
              both.values.begin() + static_cast<std::ptrdiff_t>(first->values.size()));
    return both;
}

/// Power of two that brings `norm` to between 1/32 and 1/16: products stay exact, and SLEPc's
/// absolute limits (cross: no eigenvalue of A^T A below -2e-15) lie far above rounding errors.
double scale_for(double norm) { return std::ldexp(1.0, -4 - std::ilogb(norm) - 1); }

[[noreturn]] void fail(const SolverOutcome& outcome, Index count, Index good, double residual) {
    std::string text = "SVD solver " + outcome.solver + ": " + std::to_string(good) + " of " +
                       std::to_string(count) + " singular triplets converged to a residual of " +
                       short_number(outcome.tolerance) + " in " +
                       std::to_string(outcome.iterations) + " iterations (the next one has " +
                       short_number(residual) + "): ";
    text += outcome.solver == "cross"
                ? "it squares the condition number, so use solver trlanczos."
                : "allow more iterations or a larger subspace, loosen the tolerance, or use solver "
                  "trlanczos.";
    throw ConvergenceError(text);
}

/// Whether what is left behind the known vectors is nothing but rounding errors.
bool exhausted(const MatrixOperator& a, const Matrix& known, double largest, std::uint64_t seed) {
    const TallOperator rest(a, &known);
    return rest.estimate_norm(seed) <= 10.0 * rounding_level(rest.rows()) * largest;
}

void check_residuals(const SolverOutcome& outcome, const Triplets& triplets, double largest,
                     Index rows) {
    const double noise = rounding_level(rows) * largest;
    for (Index i = 0; i < triplets.count(); ++i) {
        const double value = triplets.values[static_cast<std::size_t>(i)];
        const double residual = triplets.residuals[static_cast<std::size_t>(i)];
        const double relative = std::max(10.0 * outcome.tolerance,
                                         outcome.solver == "cross" ? cross_residual_limit : 0.0);
        if (!(residual <= std::max(relative * value, noise))) {
            fail(outcome, triplets.count(), i, residual / value);
        }
    }
}

}  // namespace

std::string to_string(SvdSolver solver) {
    for (const auto& [value, name] : solver_names) {
        if (value == solver) {
            return name;
        }
    }
    return "unknown";
}

SvdSolver svd_solver(const std::string& name) {
    for (const auto& [value, known] : solver_names) {
        if (name == known) {
            return value;
        }
    }
    throw UsageError("'" + name +
                     "' is not an SVD solver; expected trlanczos, cross, randomized or scalapack.");
}

Triplets distributed_svd(const MatrixOperator& a, const DistributedSvdOptions& options,
                         const Triplets* locked) {
    Phase phase("linalg/distributed_svd");
    const bool any_locked = locked != nullptr && locked->count() > 0;
    check_options(a, options, any_locked ? locked->count() : 0);
    ensure_slepc();

    const bool turned = short_side(a) == Side::rows;
    const Matrix* locked_short = nullptr;
    const Matrix* locked_long = nullptr;
    if (any_locked) {
        locked_short = turned ? &locked->left : &locked->right;
        locked_long = turned ? &locked->right : &locked->left;
    }
    TallOperator b(a, locked_short);
    const double norm = b.estimate_norm(options.seed);
    double largest = std::max(norm, any_locked ? locked->values.front() : 0.0);

    SolverOutcome outcome;
    outcome.vectors = Matrix(b.local_columns(), 0);
    if (norm > rounding_level(b.rows()) * largest) {
        b.set_scale(scale_for(norm));
        outcome = solve_with_slepc(b, options, largest * b.scale());
        report_unused_petsc_options();
    }
    const Index found = outcome.vectors.columns;
    if (found < options.count) {
        if (!exhausted(a, joined(locked_short, outcome.vectors), largest, options.seed)) {
            fail(outcome, options.count, found, outcome.next_residual);
        }
        // Columns of zeros: the refinement puts arbitrary orthonormal vectors in their place.
        outcome.vectors =
            joined(&outcome.vectors, Matrix(b.local_columns(), options.count - found));
    }
    Triplets triplets =
        refine(b, std::move(outcome.vectors), largest * b.scale(), locked_long, options.seed);
    largest = std::max(largest, triplets.values.front());
    if (found > 0) {
        check_residuals(outcome, triplets, largest, b.rows());
    }
    if (turned) {
        std::swap(triplets.left, triplets.right);
    }
    fix_distributed_signs(a, triplets);
    return triplets;
}

void append(Triplets& locked, const Triplets& more) {
    if (locked.count() == 0) {
        locked = more;
        return;
    }
    locked.left = joined(&locked.left, more.left);
    locked.right = joined(&locked.right, more.right);
    locked.values.insert(locked.values.end(), more.values.begin(), more.values.end());
    locked.residuals.insert(locked.residuals.end(), more.residuals.begin(), more.residuals.end());

    std::vector<std::size_t> order(locked.values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
        return locked.values[i] > locked.values[j];
    });
    const Triplets unsorted = locked;
    for (std::size_t to = 0; to < order.size(); ++to) {
        const std::size_t from = order[to];
        locked.values[to] = unsorted.values[from];
        locked.residuals[to] = unsorted.residuals[from];
        const auto copy_column = [&](const Matrix& source, Matrix& target) {
            std::copy_n(source.data() + static_cast<Index>(from) * source.rows, source.rows,
                        target.data() + static_cast<Index>(to) * target.rows);
        };
        copy_column(unsorted.left, locked.left);
        copy_column(unsorted.right, locked.right);
    }
}

Side short_side(const MatrixOperator& a) {
    return a.rows() < a.columns() ? Side::rows : Side::columns;
}

Matrix replicate(const MatrixOperator& a, Side side, const Matrix& local) {
    Matrix whole(side == Side::rows ? a.rows() : a.columns(), local.columns);
    for (Index j = 0; j < local.columns; ++j) {
        for (Index i = 0; i < local.rows; ++i) {
            whole(side == Side::rows ? a.global_row(i) : a.global_column(i), j) = local(i, j);
        }
    }
    a.communicator().sum_in_place(whole.data(), whole.rows * whole.columns);
    return whole;
}

Matrix local_part(const MatrixOperator& a, Side side, const Matrix& replicated) {
    Matrix local(side == Side::rows ? a.local_rows() : a.local_columns(), replicated.columns);
    for (Index j = 0; j < local.columns; ++j) {
        for (Index i = 0; i < local.rows; ++i) {
            local(i, j) = replicated(side == Side::rows ? a.global_row(i) : a.global_column(i), j);
        }
    }
    return local;
}

Triplets restore_triplets(const MatrixOperator& a, const std::vector<double>& values,
                          const std::vector<double>& residuals, const Matrix& short_side_vectors) {
    const TallOperator b(a, nullptr);
    Triplets triplets;
    triplets.values = values;
    triplets.residuals = residuals;
    triplets.right = local_part(a, short_side(a), short_side_vectors);
    triplets.left = Matrix(b.local_rows(), triplets.right.columns);
    for (Index j = 0; j < triplets.left.columns; ++j) {
        b.apply(triplets.right.data() + j * triplets.right.rows,
                triplets.left.data() + j * triplets.left.rows);
    }
    const double noise = values.empty() ? 0.0 : rounding_level(b.rows()) * values.front();
    const auto fill = [&](Index j, double* y) {
        b.random_long_vector(DistributedSvdOptions{}.seed, static_cast<std::uint32_t>(j), y);
    };
    (void)GramSchmidt{a.communicator(), 0.0, noise, fill}(triplets.left);
    if (b.transposed()) {
        std::swap(triplets.left, triplets.right);
    }
    return triplets;
}

}  // namespace tessera
