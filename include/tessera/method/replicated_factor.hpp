#pragma once

#include <string>
#include <vector>

#include "tessera/method/method.hpp"

namespace tessera {

/// A factor that every rank has, as rank 0 alone hands it over; `values` are row-major.
[[nodiscard]] Factor replicated_factor(const Communicator& communicator, std::string name,
                                       const Extents& shape, std::vector<double> values);

}  // namespace tessera
