#pragma once

#include "tessera/base/memory.hpp"

namespace tessera {

/// Many small matrices of one shape, one after the other, each column-major: entry (i, j) of matrix
/// b is data[(b * columns + j) * rows + i]. Made for up to about 256 x 256.
struct BatchShape {
    Index count = 0;
    Index rows = 0;
    Index columns = 0;

    /// Number of singular values of each matrix.
    [[nodiscard]] Index rank() const { return rows < columns ? rows : columns; }
};

/// Matrices that these routines work on together, one per vector lane (or GPU thread): fewer cost
/// as much. One alone is LAPACK's matter, and so are fewer than half a group from some 64 x 64 on.
template <typename T>
[[nodiscard]] Index batch_group();

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

/// Matrices A (rows x columns, row-major, one after the other), each with `columns` vectors V of
/// its own and as many weights, vector j of a matrix being contiguous.
struct BatchedSpectra {
    Index rows = 0;
    Index columns = 0;
    DeviceView<const double> a;
    DeviceView<const double> vectors;
    DeviceView<const double> weights;
};

/// What becomes of the array that a product is written to.
enum class Target { overwritten, added_to };

/// out = A V diag(weights) V^T (or out += ...) for the matrices of the numbers `which`: with the
/// right singular vectors of A the function of its spectrum that multiplies each singular value by
/// its weight. `out` is laid out as `a` and must not overlap it. Waits for its kernels.
void batched_reweight(const BatchedSpectra& spectra, const DeviceView<const Index>& which,
                      Target target, const DeviceView<double>& out);

}  // namespace tessera
