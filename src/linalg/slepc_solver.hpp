#pragma once

#include <string>

#include "tall_operator.hpp"
#include "tessera/linalg/distributed_svd.hpp"

namespace tessera {

/// What SLEPc came back with.
struct SolverOutcome {
    /// Local part of the right singular vectors that converged, at most `count`, largest first.
    Matrix vectors;
    std::string solver;      ///< the type that ran, after -svd_type
    double tolerance = 0.0;  ///< after -svd_tol
    Index iterations = 0;
    double next_residual = 0.0;  ///< relative residual of the first triplet that did not converge
};

/// Search space for `count` triplets of a matrix with `available` columns not locked yet.
[[nodiscard]] Index subspace_size(const DistributedSvdOptions& options, Index available);

/// Relative size of rounding errors in products with a matrix of that many rows.
[[nodiscard]] double rounding_level(Index rows);

/// Runs the solver on `b`, which is scaled to a norm of about 1/16. `largest` is the largest
/// singular value of the whole matrix on that scale (at least that of b): residuals below its
/// rounding level count as converged. Throws the Errors of `check_petsc`, UsageError when the
/// matrix is too large for the solver, MemoryError.
[[nodiscard]] SolverOutcome solve_with_slepc(const TallOperator& b,
                                             const DistributedSvdOptions& options, double largest);

}  // namespace tessera
