#pragma once

#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// Throws UsageError, on all ranks, when an entry is negative: how many and where the first one is.
template <typename T>
void refuse_negative(const DenseTensor<T>& tensor);

}  // namespace tessera
