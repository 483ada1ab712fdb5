#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"

namespace tessera {

/// a = u diag(singular_values) v^T, economy size: u is rows x k, v is columns x k, k = min(rows,
/// columns). Singular values descend.
struct DenseSvd {
    Matrix u;
    std::vector<double> singular_values;
    Matrix v;
};

/// SVD of a small matrix by LAPACK (divide and conquer, QR iteration where that fails). Throws
/// ConvergenceError when the matrix has a NaN or Inf, or when neither converges.
[[nodiscard]] DenseSvd dense_svd(const Matrix& a);

/// Only the singular values, descending. Throws as dense_svd does.
[[nodiscard]] std::vector<double> dense_singular_values(const Matrix& a);

/// a = vectors diag(values) vectors^T with values descending (largest first, unlike LAPACK).
struct SymmetricEigen {
    std::vector<double> values;
    Matrix vectors;
};

/// Eigenvalues and eigenvectors of a symmetric matrix, of which the upper triangle is read. Throws
/// ConvergenceError when it has a NaN or Inf there, or when LAPACK does not converge.
[[nodiscard]] SymmetricEigen symmetric_eigen(const Matrix& a);

/// a = q r by Householder, economy size: q is rows x k with orthonormal columns, r is k x columns
/// and upper trapezoidal with a diagonal >= 0, k = min(rows, columns).
struct DenseQr {
    Matrix q;
    Matrix r;
};
[[nodiscard]] DenseQr dense_qr(const Matrix& a);

/// Fixes the free sign of each column of `v`: its entry of largest magnitude becomes positive.
/// Entries within a relative 1e-8 of the largest count as equal and the first of them decides, so
/// that rounding doesn't. Flips the same columns of `partner` where given.
void fix_signs(Matrix& v, Matrix* partner = nullptr);

}  // namespace tessera
