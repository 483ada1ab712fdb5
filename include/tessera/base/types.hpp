#pragma once

#include <cstdint>

namespace tessera {

/// Global and local counts and positions; tensors of more than 2^31 entries are ordinary.
using Index = std::int64_t;

/// Largest order (number of modes) of a tensor.
inline constexpr int max_order = 6;

}  // namespace tessera
