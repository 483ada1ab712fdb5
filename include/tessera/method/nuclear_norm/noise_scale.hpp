#pragma once

#include <optional>
#include <vector>

#include "tessera/method/nuclear_norm/nuclear_norm_options.hpp"
#include "tessera/problem/problem.hpp"

namespace tessera {

/// The noise level that is known before, and how it differs from band to band.
struct NoiseScale {
    std::optional<double> sigma;  ///< root of the bands' mean variance; unset: unknown, or counts
    std::vector<double>
        relative;  ///< of each band, relative to `sigma`; empty: the same everywhere
    int band_mode = -1;
};

/// From the options, else from the problem's noise model; nothing where the likelihood is that of
/// counts, which knows its noise. Throws UsageError when a list of levels
/// does not match the bands.
template <typename T>
[[nodiscard]] NoiseScale noise_scale_of(const Problem<T>& problem,
                                        const NuclearNormOptions& options);

/// The tensor with each band multiplied (`power` = 1) or divided (-1) by its relative level; the
/// tensor itself where all are the same. Collective where memory is short.
template <typename T>
[[nodiscard]] DenseTensor<T> scale_bands(const DenseTensor<T>& tensor, const NoiseScale& noise,
                                         int power);

}  // namespace tessera
