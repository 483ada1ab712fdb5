#pragma once

#include "tessera/linalg/matrix.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// R (diagonal of any sign) of a distributed tall matrix by Householder TSQR (Demmel, Grigori,
/// Hoemmen, Langou, SIAM J. Sci. Comput. 34, 2012): each rank folds its rows panel by panel into a
/// triangle, the triangles of the ranks are folded along a binary tree. Complete on rank 0 only.
/// Collective; throws ConvergenceError on all ranks for a NaN or Inf.
template <typename T>
[[nodiscard]] Matrix householder_tsqr(SlabMatrix<const T> a, const Communicator& communicator);

}  // namespace tessera
