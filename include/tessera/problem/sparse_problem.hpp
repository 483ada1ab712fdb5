#pragma once

#include <string>
#include <vector>

#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

/// What the entries are that a sparse tensor does not list.
enum class Absent {
    zero,    ///< zeros, as good as measured: counts of events
    missing  ///< unknown: ratings, samples
};

/// A problem whose data are a list of entries; its estimate is never formed as a whole.
template <typename T>
struct SparseProblem {
    SparseTensor<T> observation;
    Absent absent = Absent::missing;
    std::vector<std::string> axes;  ///< one name per mode
};

}  // namespace tessera
