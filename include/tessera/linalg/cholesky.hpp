#pragma once

#include "tessera/linalg/matrix.hpp"

namespace tessera {

/// Replaces a symmetric positive definite matrix, of which the upper triangle is read, by its upper
/// triangular factor R, a = R^T R (LAPACK). False where there is none to rounding.
[[nodiscard]] bool cholesky(Matrix& a);

/// Sets what is below the diagonal to zero.
void clear_below_diagonal(Matrix& a);

}  // namespace tessera
