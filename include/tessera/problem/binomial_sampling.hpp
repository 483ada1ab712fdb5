#pragma once

#include "tessera/problem/poisson_sampling.hpp"

namespace tessera {

/// log of the probability of k successes in n trials, 0 < probability < 1 (Loader 2000, without
/// cancellation).
KOKKOS_INLINE_FUNCTION double binomial_log_probability(double k, double n, double probability) {
    if (k < 1.0) {
        return n * Kokkos::log1p(-probability);
    }
    if (k > n - 1.0) {
        return n * Kokkos::log(probability);
    }
    constexpr double two_pi = 6.283185307179586476925286766559;
    return stirling_error(n) - stirling_error(k) - stirling_error(n - k) -
           poisson_deviance(k, n * probability) - poisson_deviance(n - k, n * (1.0 - probability)) +
           0.5 * Kokkos::log(n / (two_pi * k * (n - k)));
}

/// A binomial number of n >= 0 trials, exact to the precision of a double. Uses the steps 0, 1, 2,
/// ... of (`random`, `index`). Below an expectation of 10 (of the rarer outcome): inversion by
/// sequential search; above: transformed rejection BTRS (Hoermann 1993, The generation of binomial
/// random variates).
KOKKOS_INLINE_FUNCTION double sample_binomial(const Random& random, Index index, double n,
                                              double probability) {
    const bool flip = probability > 0.5;
    const double p = flip ? 1.0 - probability : probability;
    double k = 0.0;
    if (n * p < 10.0) {
        const double u = random.uniform(index);
        const double odds = p / (1.0 - p);
        double term = Kokkos::exp(n * Kokkos::log1p(-p));
        double cumulative = term;
        while (u > cumulative && k < n) {
            term *= odds * (n - k) / (k + 1.0);
            k += 1.0;
            cumulative += term;
        }
        return flip ? n - k : k;
    }
    const double spread = Kokkos::sqrt(n * p * (1.0 - p));
    const double b = 1.15 + 2.53 * spread;
    const double a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double v_r = 0.92 - 4.2 / b;
    const double alpha = (2.83 + 5.1 / b) * spread;
    const double mode = Kokkos::floor((n + 1.0) * p);
    for (std::uint32_t trial = 0;; ++trial) {
        const double u = random.uniform(index, 2 * trial) - 0.5;
        const double v = random.uniform(index, 2 * trial + 1);
        const double us = 0.5 - Kokkos::abs(u);
        k = Kokkos::floor((2.0 * a / us + b) * u + n * p + 0.5);
        if (k < 0.0 || k > n) {
            continue;
        }
        if ((us >= 0.07 && v <= v_r) ||
            Kokkos::log(v * alpha / (a / (us * us) + b)) <=
                binomial_log_probability(k, n, p) - binomial_log_probability(mode, n, p)) {
            return flip ? n - k : k;
        }
    }
}

}  // namespace tessera
