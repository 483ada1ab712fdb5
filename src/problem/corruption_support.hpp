#pragma once

#include <optional>
#include <string>
#include <vector>

#include "entry_kernel.hpp"
#include "tessera/problem/corruption.hpp"

namespace tessera {

/// Keeps the noise model true after independent Gaussian noise of that sigma (one, or one per slice
/// of `band_mode`) was added: variances add up to those of earlier Gaussian noise.
template <typename T>
void record_gaussian(CorruptionContext<T>& context, std::vector<double> sigma, int band_mode);

/// Keeps the noise model true after Poisson and readout noise: known only on clean values.
template <typename T>
void record_poisson(CorruptionContext<T>& context, double peak, double readout);

/// The noise is now none of the modelled kinds.
template <typename T>
void forget_noise(CorruptionContext<T>& context);

/// Exactly `chosen` of 0..count-1, in no particular order: those with the smallest random keys
/// (random, first_index + i).
[[nodiscard]] std::vector<Index> choose(Index count, Index chosen, const Random& random,
                                        Index first_index);

/// An integer uniform on lowest..highest, from u uniform on (0, 1).
[[nodiscard]] Index uniform_integer(Index lowest, Index highest, double u);

/// The share of a count, rounded to the nearest whole number.
[[nodiscard]] Index rounded_share(double share, Index count);

}  // namespace tessera

/// Defines both `apply` of a corruption by the template `detail::function`.
#define TESSERA_CORRUPTION_APPLY(Class, function)                 \
    void Class::apply(CorruptionContext<float>& context) const {  \
        detail::function(*this, context);                         \
    }                                                             \
    void Class::apply(CorruptionContext<double>& context) const { \
        detail::function(*this, context);                         \
    }
