#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/problem/noise_model.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// 1 where an entry was observed, 0 where it is missing; same partition as the observation.
using Mask = DenseTensor<std::uint8_t>;

/// What was measured: everything that a method may know, and (for studies only) the truth.
template <typename T>
struct Problem {
    DenseTensor<T> observation;     ///< missing entries hold 0
    std::optional<Mask> mask;       ///< none: every entry is observed
    NoiseModel noise;               ///< as stated by the deck or by the corruptions; may be unknown
    std::vector<std::string> axes;  ///< one name per mode, for instance rows, cols, bands
    /// Never used by a method: quality figures and oracle comparisons only.
    std::optional<DenseTensor<T>> truth;
};

}  // namespace tessera
