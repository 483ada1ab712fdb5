#pragma once

#include <optional>
#include <vector>

#include "tessera/problem/problem.hpp"

namespace tessera {

/// Sums over truth x and error e from which all pointwise quality figures follow; the same on all
/// ranks.
struct PointwiseSums {
    std::vector<double> band_squared_error;  ///< sum of e^2 by band
    std::vector<double> band_truth;          ///< sum of x by band
    std::vector<double> band_entries;        ///< counted entries by band
    double absolute_error = 0.0;             ///< sum of |e|
    double squared_truth = 0.0;              ///< sum of x^2
    double angle = 0.0;                      ///< sum of the pixels' spectral angles, radians
    double pixels = 0.0;                     ///< pixels with an angle
    double minimum = 0.0;                    ///< of x
    double maximum = 0.0;                    ///< of x
};

/// One pass over both tensors. Counts the entries whose mask is `wanted` (all without a mask).
/// Bands are the slices of `band_mode`; -1: one band, no angles. Where ranks share the bands of a
/// pixel, its three sums are reduced over them, a bounded number of pixels at a time. Collective.
template <typename T>
[[nodiscard]] PointwiseSums pointwise_sums(const DenseTensor<T>& truth,
                                           const DenseTensor<T>& estimate,
                                           const std::optional<Mask>& mask, std::uint8_t wanted,
                                           int band_mode);

}  // namespace tessera
