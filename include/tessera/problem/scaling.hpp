#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/problem/problem.hpp"

namespace tessera {

/// The deck's data.scale: what is done to the values before anything else.
enum class ScalingKind {
    none,
    maximum,      ///< divide by the largest value
    min_max,      ///< to [0, 1] over all entries
    band_min_max  ///< to [0, 1] in every band
};

/// An affine map of the values, v -> (v - offset) / factor, kept so that it can be undone.
struct Scaling {
    ScalingKind kind = ScalingKind::none;
    int mode = -1;               ///< of the bands, for band_min_max
    std::vector<double> offset;  ///< one, or one per band; empty for none
    std::vector<double> factor;  ///< positive

    /// Finds offset and factor from minima and maxima (the same bits on any number of ranks) of the
    /// observed entries. A constant band becomes 0. `band_mode` counts for band_min_max only.
    /// Collective; throws UsageError for `maximum` when no value is positive, and when band_mode is
    /// not a mode.
    template <typename T>
    [[nodiscard]] static Scaling fit(ScalingKind kind, const DenseTensor<T>& tensor, int band_mode,
                                     const std::optional<Mask>& mask = std::nullopt);

    /// In place, on the observed entries (on all without a mask).
    template <typename T>
    void apply(const DenseTensor<T>& tensor, const std::optional<Mask>& mask = std::nullopt) const;
    /// In place: the inverse of apply.
    template <typename T>
    void undo(const DenseTensor<T>& tensor, const std::optional<Mask>& mask = std::nullopt) const;

    /// "min-max: (v - 12) / 4083".
    [[nodiscard]] std::string describe() const;
};

}  // namespace tessera
