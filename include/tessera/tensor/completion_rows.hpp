#pragma once

#include <vector>

#include "tessera/tensor/compressed_fibres.hpp"

namespace tessera {

/// The normal equations of one row of a factor, packed: the lower triangle of the Gram matrix of
/// the observed entries' Hadamard rows, row by row, then the right-hand side.
[[nodiscard]] constexpr Index normal_equations_size(Index rank) {
    return rank * (rank + 1) / 2 + rank;
}

/// Normal equations of the least-squares fit of some rows of the target mode's factor to this
/// rank's entries alone: with h(e) the entry-wise product of the other factors' rows at entry e,
/// row i gets sum h(e) h(e)^T and sum x(e) h(e) over its entries (Tomasi and Bro 2005; Smith et al.
/// 2016, "An exploration of optimization algorithms for high performance tensor completion"). Rows
/// without entries get zeros.
///
/// `factors` as for sparse_mttkrp; rows `first`..`last` - 1 of the rank's box; `out` has
/// normal_equations_size(rank) numbers per row, in host memory. In float64; the order of additions
/// does not depend on threads. Not collective. Throws MemoryError.
template <typename T>
void normal_equations(const CompressedFibres<T>& fibres, const std::vector<const double*>& factors,
                      Index rank, Index first, Index last, double* out);

/// What a solution of normal equations explains of the data.
struct Explained {
    double fitted = 0.0;  ///< sum over rows of 2 x^T b - x^T G x: how much the squared error fell
    double ridge = 0.0;   ///< sum over rows of x^T x
};

/// Solves (G + ridge I) x = b for `rows` packed normal equations by Cholesky factorisation, in
/// place; `x` is row-major with `rank` columns, host memory. Directions that the entries leave open
/// (a pivot below 1e-13 of the row's largest diagonal entry) get 0, so a row without entries is 0.
Explained solve_rows(double* equations, Index rows, Index rank, double ridge, double* x);

}  // namespace tessera
