#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// A made-up hyperspectral scene: values = abundances (rows x cols x endmembers, not kept) times
/// spectra, without noise.
template <typename T>
struct HyperspectralScene {
    DenseTensor<T> values;               ///< rows x cols x bands, in [0, 1]
    std::vector<std::string> names;      ///< of the endmembers
    std::vector<double> wavelengths_um;  ///< micrometres, one per band
    Matrix spectra;                      ///< bands x endmembers, reflectance
};

/// Most endmembers that simulate_hyperspectral knows.
inline constexpr int max_endmembers = 8;

/// Simulates a scene for a quick start without data: smooth parametric reflectance spectra from 0.4
/// to 2.5 micrometres (soil, vegetation with its red edge near 0.7, water, asphalt, ...), dimmed in
/// the water vapour bands near 1.4 and 1.9; abundances from fields with sharp borders and smooth
/// noise of several scales, positive, of sum one. Its rank is `endmembers`. Same bits on any number
/// of ranks. Axes: rows, cols, bands. Throws UsageError unless the partition is three-way and
/// endmembers is 2 to max_endmembers.
template <typename T>
[[nodiscard]] HyperspectralScene<T> simulate_hyperspectral(const Partition& partition,
                                                           int endmembers, std::uint64_t seed);

}  // namespace tessera
