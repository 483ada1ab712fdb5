#pragma once

#include <string>
#include <vector>

#include "tessera/base/extents.hpp"

namespace tessera {

/// The order in which a sequentially truncated HOSVD takes the modes, and what that costs.
struct TruncationOrder {
    std::vector<int> modes;
    double flops = 0.0;  ///< of all ranks together
};

/// Ranks to reckon with before they are known: half of each extent where `ranks` is empty.
[[nodiscard]] std::vector<Index> expected_ranks(const Extents& shape,
                                                const std::vector<Index>& ranks);

/// Operations of the truncation in that order: for each mode the Gram matrix of what is left of the
/// tensor (three times that for the QR route), a small eigenvalue problem, and a product with the
/// factor.
[[nodiscard]] double truncation_flops(const Extents& shape, const std::vector<Index>& ranks,
                                      const std::vector<int>& modes, bool by_qr);

/// The cheapest order; of equally cheap ones the first in lexicographic order.
[[nodiscard]] TruncationOrder cheapest_order(const Extents& shape, const std::vector<Index>& ranks,
                                             bool by_qr);

/// The order that axis names give. Throws UsageError unless each axis is named once.
[[nodiscard]] std::vector<int> named_order(const std::vector<std::string>& names,
                                           const std::vector<std::string>& axes);

}  // namespace tessera
