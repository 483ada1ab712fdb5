#pragma once

#include <cstdint>

#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// Columns of the factors of a simulated low-rank tensor.
enum class SceneFactors {
    gaussian,  ///< independent standard normal numbers
    piecewise  ///< constant but for ten jumps, of standard normal height, at random places
};

/// Simulates a tensor of known rank without data: the sum over `rank` of products of one factor
/// column per mode (for two modes: U V^T), as the recovery experiments of DeepTensor (Saragadam et
/// al. 2022, section 4.1) draw them; not scaled. Same bits on any number of ranks.
template <typename T>
[[nodiscard]] DenseTensor<T> simulate_low_rank(const Partition& partition, Index rank,
                                               SceneFactors factors, std::uint64_t seed);

}  // namespace tessera
