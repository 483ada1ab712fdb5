#pragma once

#include "tessera/base/extents.hpp"
#include "tessera/network/generator_options.hpp"

namespace tessera {

/// Bytes that a generator of a factor with `rank` columns holds on a rank that owns `own` of the
/// grid of `sites`: maps, their gradients, parameters with gradient and moments, rows. Counted from
/// the layers, for planning; halos and the workspace of convolutions are not counted.
[[nodiscard]] double network_bytes(const GeneratorOptions& options, const Extents& sites,
                                   const Extents& own, Index rank, std::size_t scalar_bytes);

}  // namespace tessera
