#pragma once

#include "tessera/base/memory.hpp"

namespace tessera {

/// Many small matrices of one shape, one after the other, each column-major: entry (i, j) of matrix
/// b is data[(b * columns + j) * rows + i]. Made for up to about 64 x 64.
struct BatchShape {
    Index count = 0;
    Index rows = 0;
    Index columns = 0;

    /// Number of singular values of each matrix.
    [[nodiscard]] Index rank() const { return rows < columns ? rows : columns; }
};

/// SVD of each matrix, a = u diag(s) v^T, economy size, singular values descending, by
/// bidiagonalisation and QR sweeps with one matrix per vector lane (or GPU thread). Errors of
/// singular values are of the order of 1e-15 (1e-6 in float32) times the largest of the matrix.
///
/// `singular_values` has count * rank entries; `u` (count matrices rows x rank) and `v` (count
/// matrices columns x rank) have orthonormal columns, also where singular values are zero. `u` or
/// `v` of size 0 is not computed. Throws ConvergenceError naming the first matrix with a NaN or Inf
/// or without convergence; waits for its kernels.
template <typename T>
void batched_svd(const BatchShape& shape, const DeviceView<const T>& a,
                 const DeviceView<T>& singular_values, const DeviceView<T>& u,
                 const DeviceView<T>& v);

/// QR of each matrix by Householder, a = q r, economy size: `q` (count matrices rows x rank) has
/// orthonormal columns, `r` (count matrices rank x columns) is upper trapezoidal with a diagonal
/// >= 0. `q` of size 0 is not computed. NaN and Inf pass through. Waits for its kernels.
template <typename T>
void batched_qr(const BatchShape& shape, const DeviceView<const T>& a, const DeviceView<T>& q,
                const DeviceView<T>& r);

}  // namespace tessera
