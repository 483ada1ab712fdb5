#pragma once

#include "tessera/linalg/matrix.hpp"

namespace tessera {

/// The pseudo-inverse of a symmetric positive semidefinite matrix, by its eigenvalues: those below
/// size * 1e-15 of the largest count as 0, so that components which have become dependent share
/// what they explain instead of growing without bound. Throws ConvergenceError (NaN or Inf).
[[nodiscard]] Matrix pseudo_inverse(const Matrix& gram);

/// out = rhs inverse, for row-major `rhs` and `out` of rows x inverse.rows; not in place. The least
/// squares update of the rows of a factor, rhs being its MTTKRP.
void multiply_rows(const double* rhs, Index rows, const Matrix& inverse, double* out);

/// The bound that stands for 0: a component that vanishes keeps a direction and can return, and
/// neither its square nor its norm underflows.
inline constexpr double least_entry = 1e-100;

/// One pass of hierarchical alternating least squares over nonnegative rows, in place (Cichocki and
/// Phan 2009, algorithm 2): entry after entry is set to the minimiser of
/// 1/2 x gram x^T - rhs x^T over x_r >= least_entry. A component with gram(r, r) = 0 is left as it
/// is. `rhs` and `x` are row-major, rows x gram.rows.
void nonnegative_rows(const double* rhs, Index rows, const Matrix& gram, double* x);

/// a^T a of a row-major rows x rank array.
[[nodiscard]] Matrix gram_of_rows(const double* a, Index rows, Index rank);

}  // namespace tessera
