#pragma once

#include <cstdint>
#include <vector>

#include "tessera/base/extents.hpp"

namespace tessera::detail {

/// The order that sorts `count` entries lexicographically by their positions in the modes
/// `mode_order`, the first one slowest; entries of equal positions keep their order. The position
/// of entry e in mode m is positions[m][e], less than shape[m]. Host code: a counting sort per 16
/// bits of position, linear in the number of entries.
[[nodiscard]] std::vector<std::uint32_t> sorted_order(
    const std::vector<const std::uint32_t*>& positions, const Extents& shape, Index count,
    const std::vector<int>& mode_order);

}  // namespace tessera::detail
