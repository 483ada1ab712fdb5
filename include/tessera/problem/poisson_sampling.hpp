#pragma once

#include <Kokkos_Core.hpp>

#include "tessera/base/random.hpp"

namespace tessera {

/// log(k!) - log of Stirling's formula, for k >= 1 (Loader 2000).
KOKKOS_INLINE_FUNCTION double stirling_error(double k) {
    // Below 16 from the exact factorial; above, the asymptotic series is good to 1e-16.
    if (k < 16.0) {
        double factorial = 1.0;
        for (int i = 2; i <= static_cast<int>(k); ++i) {
            factorial *= i;
        }
        constexpr double half_log_two_pi = 0.91893853320467274178;
        return Kokkos::log(factorial) - ((k + 0.5) * Kokkos::log(k) - k + half_log_two_pi);
    }
    const double inverse = 1.0 / (k * k);
    return (1.0 / 12 -
            (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - inverse / 1188) * inverse) * inverse) *
                inverse) /
           k;
}

/// k log(k / mean) + mean - k without cancellation near k = mean (Loader 2000, bd0), for k >= 1.
KOKKOS_INLINE_FUNCTION double poisson_deviance(double k, double mean) {
    const double difference = k - mean;
    if (Kokkos::abs(difference) > 0.1 * (k + mean)) {
        return k * Kokkos::log(k / mean) - difference;
    }
    const double v = difference / (k + mean);
    double sum = difference * v;
    double term = 2.0 * k * v;
    for (int j = 1; j < 100; ++j) {
        term *= v * v;
        const double next = sum + term / (2 * j + 1);
        if (next == sum) {
            break;
        }
        sum = next;
    }
    return sum;
}

/// log of the probability of k counts.
KOKKOS_INLINE_FUNCTION double poisson_log_probability(double k, double mean) {
    if (k < 1.0) {
        return -mean;
    }
    constexpr double two_pi = 6.283185307179586476925286766559;
    return -stirling_error(k) - poisson_deviance(k, mean) - 0.5 * Kokkos::log(two_pi * k);
}

/// A Poisson number of any mean >= 0, exact to the precision of a double. Uses the steps 0, 1, 2,
/// ... of
/// (`random`, `index`). Below mean 10: inversion by sequential search; above: transformed rejection
/// PTRS (Hoermann 1993, The transformed rejection method for generating Poisson random variables),
/// about 1.1 trials.
KOKKOS_INLINE_FUNCTION double sample_poisson(const Random& random, Index index, double mean) {
    if (mean < 10.0) {
        const double u = random.uniform(index);
        double term = Kokkos::exp(-mean);
        double cumulative = term;
        double k = 0.0;
        while (u > cumulative && k < 200.0) {  // P(k > 200) is below any u that can occur
            k += 1.0;
            term *= mean / k;
            cumulative += term;
        }
        return k;
    }
    const double b = 0.931 + 2.53 * Kokkos::sqrt(mean);
    const double a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    const double v_r = 0.9277 - 3.6224 / (b - 2.0);
    for (std::uint32_t trial = 0;; ++trial) {
        const double u = random.uniform(index, 2 * trial) - 0.5;
        const double v = random.uniform(index, 2 * trial + 1);
        const double us = 0.5 - Kokkos::abs(u);
        const double k = Kokkos::floor((2.0 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= v_r) {
            return k;
        }
        if (k < 0.0 || (us < 0.013 && v > us)) {
            continue;
        }
        if (Kokkos::log(v * inverse_alpha / (a / (us * us) + b)) <=
            poisson_log_probability(k, mean)) {
            return k;
        }
    }
}

}  // namespace tessera
