#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tessera/base/extents.hpp"
#include "tessera/network/factor_generator.hpp"
#include "tessera/network/generator_options.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Builds the generator of one factor matrix with `rank` columns.
///
/// `sites` is the shape of the whole grid of sites (one to three modes), `local` this rank's box of
/// it; the boxes of all ranks of `communicator` cover the grid, follow each other in the first mode
/// in the order of the ranks and are whole in the others. Random numbers are keyed by (seed,
/// `name`, parameter, global index), so the network is the same on any number of ranks. Collective.
/// Throws UsageError where the grid of sites is too small for the kind of network, and MemoryError.
template <typename T>
[[nodiscard]] std::unique_ptr<FactorGenerator<T>> make_factor_generator(
    const GeneratorOptions& options, const Extents& sites, const Box& local, Index rank,
    const Communicator& communicator, std::uint64_t seed, const std::string& name);

}  // namespace tessera
