#pragma once

#include <cstddef>

#include "tessera/base/extents.hpp"
#include "tessera/network/generator_options.hpp"

namespace tessera {

/// Bytes that a generator of `rank` columns takes on a rank that owns `own_rows` of the first mode
/// of `sites`, its rows included, with numbers of `entry_bytes`: parameters with gradient and
/// moments, maps, gradients of maps and the workspace of its layers. Known before anything is
/// allocated; for plans.
[[nodiscard]] double generator_bytes(const GeneratorOptions& options, const Extents& sites,
                                     Index own_rows, Index rank, std::size_t entry_bytes);

}  // namespace tessera
