#pragma once

#include <string>

#include "tessera/base/error.hpp"
#include "tessera/base/types.hpp"

namespace tessera {

/// The error of a tall matrix that cannot be factorised.
[[noreturn]] inline void throw_not_finite(Index columns) {
    throw ConvergenceError("a matrix of " + std::to_string(columns) +
                           " columns has a NaN or an infinite entry and cannot be factorised");
}

}  // namespace tessera
