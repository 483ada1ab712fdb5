#pragma once

#include <cstddef>
#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/network/generator_options.hpp"

namespace tessera {

/// Parameters of a whole generator.
struct GeneratorParameters {
    double shared = 0.0;  ///< weights, the same on all its ranks
    double spread = 0.0;  ///< over its sites: a learned input, free numbers
};

/// Of a generator of `rank` columns on a grid of sites, before it is made.
[[nodiscard]] GeneratorParameters generator_parameters(const GeneratorOptions& options,
                                                       const Extents& sites, Index rank);

/// What a rank sends in a forward and a backward pass.
struct GeneratorTraffic {
    double halo_messages = 0.0;
    double halo_bytes = 0.0;
    double reductions = 0.0;     ///< calls over all ranks
    double reduced_bytes = 0.0;  ///< of the numbers that are reduced
};

/// Of each rank of a generator whose sites are cut into `ranks` slabs (block_range of the first
/// mode), with numbers of `entry_bytes`.
[[nodiscard]] std::vector<GeneratorTraffic> generator_traffic(const GeneratorOptions& options,
                                                              const Extents& sites, Index ranks,
                                                              Index rank, std::size_t entry_bytes);

}  // namespace tessera
