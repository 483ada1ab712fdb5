#pragma once

#include <cstddef>
#include <vector>

#include "tessera/method/factor_networks/factor_layout.hpp"

namespace tessera {

/// What a rank sends in one step of a fit.
struct FitTraffic {
    double messages = 0.0;  ///< halos of networks, rows between slabs and blocks
    double bytes = 0.0;
    double reductions = 0.0;     ///< all-reduces
    double reduced_bytes = 0.0;  ///< of the numbers that are reduced
};

/// Of every rank of a process grid, before anything is allocated; the formula of the method's
/// README. `sums` numbers are added up over all entries at each step.
[[nodiscard]] std::vector<FitTraffic> fit_traffic(const FactorLayout& layout,
                                                  const GeneratorOptions& generator,
                                                  const Extents& shape, const Extents& grid,
                                                  std::size_t scalar_bytes, int sums = 2);

}  // namespace tessera
