#pragma once

#include <cstdint>

#include "tessera/problem/noise_model.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// One of two parts of an observation y whose errors are uncorrelated and which both have y's mean:
/// fitting one and judging by the other, (y - share * part) / (1 - share), gives an unbiased
/// estimate of the squared error, up to a constant. The part has 1 / share times y's variance.
///
/// Gaussian noise: y + a sigma z with normal z and a^2 = (1 - share) / share (data fission; Leiner,
/// Duan, Wasserman and Ramdas 2023). Counts: each is kept with probability `share` (binomial
/// thinning; Neufeld et al. 2024), and normal noise of variance share (1 - share) readout^2 does
/// for the readout noise what thinning does for the counts. Both parts are independent for
/// Gaussian noise and for counts without readout noise.
///
/// Random numbers are keyed by (seed, global index): the same part on any number of ranks. Throws
/// UsageError for an unknown noise model, MemoryError. Collective.
template <typename T>
[[nodiscard]] DenseTensor<T> training_part(const DenseTensor<T>& observation,
                                           const NoiseModel& noise, double share,
                                           std::uint64_t seed);

}  // namespace tessera
