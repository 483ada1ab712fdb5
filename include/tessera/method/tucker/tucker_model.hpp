#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// The core times every factor (extent x rank, one per mode; those without entries are left out),
/// largest rank first, so that the steps before the last one stay small. Collective; MemoryError.
template <typename T>
[[nodiscard]] DenseTensor<T> expand(const DenseTensor<T>& core, const std::vector<Matrix>& factors);

/// One sweep of higher-order orthogonal iteration (De Lathauwer, De Moor and Vandewalle 2000): each
/// factor in turn becomes the leading left singular vectors of the tensor projected on all other
/// factors. Products that several modes share are formed once, in a binary tree of the modes, so
/// that the whole tensor is read twice. Returns the new core. Collective; MemoryError,
/// ConvergenceError.
template <typename T>
[[nodiscard]] DenseTensor<T> hooi_sweep(const DenseTensor<T>& tensor, std::vector<Matrix>& factors,
                                        bool by_qr);

}  // namespace tessera
