#pragma once

#include "tessera/base/types.hpp"

namespace tessera {

/// log C(rows, columns, lambda), C being the integral of exp(-lambda ||X||_*) over all matrices of
/// that shape (in either order): the constant of the nuclear norm distribution
/// (arXiv 2510.05447), lambda > 0.
///
/// De Bruijn's Pfaffian of the singular values' integral, in polynomials of s^2 that are
/// orthonormal for the weight itself: in them the skew products have condition numbers of about
/// four times the short side, so that float64 holds some 15 digits of log C at any size, where
/// monomials ask for hundreds of digits. With n the short side: about 25 n (n + 1) numbers of
/// work and 50 n^3 operations (below 0.1 s at n = 100).
[[nodiscard]] double log_nuclear_norm_constant(Index rows, Index columns, double lambda = 1.0);

/// log of the ordered singular values' integral of exp(-sum s) prod s_i^(m-n)
/// prod_{i<j} (s_i^2 - s_j^2), n values of an n x m matrix, n <= m.
[[nodiscard]] double log_singular_value_integral(Index n, Index m);

/// log of the probability with which SingularValueRejection accepts a
/// proposal: what log C is above its product of gamma functions.
[[nodiscard]] double log_rejection_acceptance(Index rows, Index columns);

}  // namespace tessera
