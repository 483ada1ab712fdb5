#pragma once

#include <limits>

#include "tessera/base/error.hpp"
#include "tessera/base/types.hpp"

namespace tessera {

/// A size as the int that BLAS and LAPACK take.
inline int narrow(Index size) {
    TESSERA_ASSERT(size >= 0 && size <= std::numeric_limits<int>::max(),
                   "a size of " + std::to_string(size) + " does not fit the integers of BLAS");
    return static_cast<int>(size);
}

}  // namespace tessera
