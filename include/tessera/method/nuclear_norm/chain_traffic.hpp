#pragma once

#include "tessera/method/method.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_options.hpp"

namespace tessera {

/// Collective calls that a rank takes part in, and the bytes of the numbers that they carry.
struct CollectiveTraffic {
    double reductions = 0.0;
    double reduced_bytes = 0.0;
    double broadcasts = 0.0;
    double broadcast_bytes = 0.0;
};

/// What one step's messages depend on, of one group of ranks.
struct ChainStep {
    NuclearNormOptions::Sampler sampler;  ///< the chosen one
    double units = 0.0;                   ///< chains that the group holds
    double columns = 0.0;                 ///< of a matrix: its short side
    Index group_size = 1;                 ///< ranks that share each matrix
    Index ranks = 1;                      ///< of the job
    double parts = 0.0;                   ///< of harmonic_flow's trajectories, of all units
};

/// Of one step before the last, where no QR factorisation has to take the Householder route.
struct ChainTraffic {
    CollectiveTraffic in_group;
    CollectiveTraffic in_world;
};
[[nodiscard]] ChainTraffic chain_traffic(const ChainStep& step);

/// What the busiest rank sends: a reduction over P ranks is 2 ceil(log2 P) messages and twice its
/// bytes, a broadcast ceil(log2 P) messages and its bytes.
[[nodiscard]] StepTraffic sent(const ChainTraffic& traffic, const ChainStep& step);

}  // namespace tessera
