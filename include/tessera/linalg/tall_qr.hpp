#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// How a tall matrix was factorised.
enum class TallQrRoute {
    cholesky,    ///< CholeskyQR2 (Yamamoto et al. 2015): two passes of matrix products
    householder  ///< Householder TSQR (Demmel et al. 2012): for ill-conditioned matrices
};
[[nodiscard]] const char* to_string(TallQrRoute route);

/// R of a = Q R for a tall matrix whose rows are shared out over the ranks, each rank holding whole
/// rows (any number of them, none too). R is n x n for n columns, upper triangular, diagonal >= 0,
/// in float64 for float32 data too, and the same to the last bit on all ranks. Fewer rows than
/// columns, rank deficiency and zero matrices are allowed.
///
/// CholeskyQR2 on columns scaled to norm 1; when the Cholesky factor doesn't exist or its condition
/// number passes 1e7, Householder. Collective; throws ConvergenceError on all ranks when the matrix
/// has a NaN or Inf.
template <typename T>
[[nodiscard]] Matrix tall_qr_r(SlabMatrix<const T> a, const Communicator& communicator,
                               TallQrRoute& route);
/// The same by Householder whatever the condition.
template <typename T>
[[nodiscard]] Matrix householder_tall_qr_r(SlabMatrix<const T> a, const Communicator& communicator);

/// Singular values (descending, n of them for n columns) and right singular vectors (n x n, one per
/// column, signs by `fix_signs`), the same to the last bit on all ranks. Left vectors, where they
/// are wanted, are `multiply(a, v) / singular_values`.
struct TallSvd {
    std::vector<double> singular_values;
    Matrix v;
    TallQrRoute route = TallQrRoute::cholesky;
};

/// SVD of a tall matrix through its R. Errors of singular values are of the order of 1e-16 times
/// the largest one. Collective; needs about 5 n^2 float64 per rank; throws as tall_qr_r does.
template <typename T>
[[nodiscard]] TallSvd tall_svd(SlabMatrix<const T> a, const Communicator& communicator);

}  // namespace tessera
