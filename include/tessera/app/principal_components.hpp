#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// Leading eigenpairs of a covariance, the same on all ranks.
struct PrincipalComponents {
    std::vector<double> eigenvalues;  ///< v^T C v, by descending |C v|
    Matrix vectors;                   ///< features x count, orthonormal
};

/// At most `count` eigenpairs of a covariance whose feature modes come twice (collective): fewer
/// where it has a lower rank. Of each vector the largest entry in magnitude is positive. Throws
/// ConvergenceError, MemoryError.
template <typename T>
[[nodiscard]] PrincipalComponents principal_components(const DenseTensor<T>& covariance,
                                                       Index count);

}  // namespace tessera
