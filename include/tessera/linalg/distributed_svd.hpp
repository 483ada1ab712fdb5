#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/linalg/matrix_operator.hpp"

namespace tessera {

/// Solvers of SLEPc (users' manual, chapter 4) for the largest singular values.
enum class SvdSolver {
    trlanczos,   ///< thick-restart Lanczos bidiagonalisation: accurate and seldom slow; the default
    cross,       ///< eigenvalues of A^T A, matrix-free: fewer and shorter basis vectors, but the
                 ///< condition number is squared: values below about 1e-7 of the largest are lost
    randomized,  ///< subspace iteration from a random start: cheap at loose tolerances, slow at
                 ///< tight ones when the spectrum is flat behind the last value asked for
    scalapack    ///< all values of the explicit matrix: for small ones; memory rows x columns x 3
};

/// "trlanczos" and back; `svd_solver` throws UsageError on another name.
[[nodiscard]] std::string to_string(SvdSolver solver);
[[nodiscard]] SvdSolver svd_solver(const std::string& name);

struct DistributedSvdOptions {
    SvdSolver solver = SvdSolver::trlanczos;
    /// How many of the largest triplets.
    Index count = 1;
    /// A triplet has converged when ||A^T u - s v|| <= tolerance * s, which bounds the relative
    /// error of s whatever the gaps between the values.
    double tolerance = 1e-10;
    /// Restarts (iterations for `randomized`); 0: enough in practice, see distributed_svd.cpp.
    Index maximum_iterations = 0;
    /// Largest dimension of the search space (SLEPc's ncv); 0: max(2 count, count + 10), for
    /// `randomized` count + max(10, count / 2).
    Index subspace = 0;
    /// Of the start vectors.
    std::uint64_t seed = 1;
};

/// The leading part of a singular value decomposition, A ~ left diag(values) right^T. `left` and
/// `right` hold, unlike other Matrix objects, this rank's rows only: local_rows x k and
/// local_columns x k, in the operator's order of local rows and columns.
///
/// Of each right vector the largest entry in magnitude is positive (of nearly equal ones, the first
/// in the global order).
struct Triplets {
    std::vector<double> values;  ///< descending, the same on all ranks
    Matrix left;
    Matrix right;
    /// Measured, not estimated: ||A^T u - s v|| (the other product, A v = s u, holds to rounding;
    /// the other way round where the matrix has more columns than rows).
    std::vector<double> residuals;

    [[nodiscard]] Index count() const { return static_cast<Index>(values.size()); }
};

/// The largest singular triplets of `a` (collective). The start vectors are keyed by global
/// indices, so the result does not depend on the number of ranks beyond rounding. Starts SLEPc if
/// need be.
///
/// With `locked`, those known triplets are taken out of the matrix first (it becomes
/// A - U S V^T) and the next `count` ones are returned: batches whose only state is the locked
/// triplets. Of them only the values and the vectors of the short side are used (`right` where
/// rows >= columns, else `left`).
///
/// Values at the rounding level of the largest one (a matrix of lower rank than asked for) come out
/// as such with arbitrary, orthonormal vectors.
///
/// Throws UsageError when count + locked exceeds the short side or the matrix is too large for the
/// solver, ConvergenceError when fewer triplets converged, MemoryError; on all ranks alike.
[[nodiscard]] Triplets distributed_svd(const MatrixOperator& a,
                                       const DistributedSvdOptions& options,
                                       const Triplets* locked = nullptr);

/// Appends the next batch to the locked ones and sorts all by value.
void append(Triplets& locked, const Triplets& more);

/// Rows or columns of an operator.
enum class Side { rows, columns };
/// The shorter side; columns when equal.
[[nodiscard]] Side short_side(const MatrixOperator& a);

/// Local parts of vectors (left for Side::rows, right for Side::columns) brought together in the
/// global order, on every rank (collective); for the short side.
[[nodiscard]] Matrix replicate(const MatrixOperator& a, Side side, const Matrix& local);
/// This rank's part of replicated vectors.
[[nodiscard]] Matrix local_part(const MatrixOperator& a, Side side, const Matrix& replicated);

/// Triplets from their values and the replicated vectors of the short side alone, which is all that
/// a checkpoint needs to hold: the other side is computed (collective; one product per triplet).
/// Batches go on from it to the same bits.
[[nodiscard]] Triplets restore_triplets(const MatrixOperator& a, const std::vector<double>& values,
                                        const std::vector<double>& residuals,
                                        const Matrix& short_side_vectors);

}  // namespace tessera
