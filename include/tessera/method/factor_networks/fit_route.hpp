#pragma once

#include "tessera/method/factor_networks/factor_layout.hpp"

namespace tessera {

/// What a pass over listed entries and one over the whole tensor cost.
struct PassCost {
    double listed = 0.0;  ///< operations, for all ranks together
    double whole = 0.0;

    /// Whether the list takes less time: an operation of its short vectors takes as long as about
    /// twelve of the large matrix products (measured, ranks 10 to 100).
    [[nodiscard]] bool prefers_list() const { return 12.0 * listed < whole; }
};

/// Of one step's contraction, where such a share of the entries is observed.
[[nodiscard]] PassCost pass_cost(const FactorLayout& layout, const Extents& shape,
                                 double observed_share);

}  // namespace tessera
