#pragma once

#include <optional>

#include "tessera/linalg/matrix.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// R of a distributed tall matrix by CholeskyQR2 (Yamamoto, Nakatsukasa, Yanagisawa, Fukaya, ETNA
/// 44, 2015), the same bits on all ranks; nothing, on all ranks, where the matrix is too
/// ill-conditioned or too badly scaled for it. Collective; throws ConvergenceError for a NaN.
template <typename T>
[[nodiscard]] std::optional<Matrix> cholesky_qr2(SlabMatrix<const T> a,
                                                 const Communicator& communicator);

}  // namespace tessera
