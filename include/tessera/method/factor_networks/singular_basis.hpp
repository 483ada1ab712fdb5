#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// The short factor of a model of two where it is no network.
struct SingularBasis {
    Matrix rows;                ///< positions of the mode x rank: vectors times sqrt(positions)
    std::vector<double> sizes;  ///< root mean squares of the components
};

/// The leading `rank` singular vectors of the unfolding of a mode (the mode is the short side), by
/// its Gram matrix: singular values below 1e-8 of the largest are rounding errors and count as
/// that. Collective; the same on all ranks. Throws ConvergenceError for data that are not finite.
template <typename T>
[[nodiscard]] SingularBasis singular_basis(const DenseTensor<T>& data, int mode, Index rank);

}  // namespace tessera
