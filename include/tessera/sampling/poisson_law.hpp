#pragma once

#include <Kokkos_Core.hpp>

namespace tessera {

/// Counts k = Poisson(rate) + readout N(0, 1) of a quantity x in counts that is free on the whole
/// line: rate(x) = b log(1 + exp(x / b)), which is x where x is large against the smoothing b, and
/// goes to zero below. There is no wall at zero, and slopes are bounded. Readout noise is taken for
/// counts too: k + r^2, cut off at 0, is Poisson of mean rate + r^2, with the right mean and
/// variance (Snyder, Hammoud and White 1993). Callable in kernels.
struct PoissonLaw {
    double peak = 1.0;       ///< counts at value 1 in the units of the data
    double readout = 0.0;    ///< r, standard deviation in counts
    double smoothing = 0.5;  ///< b, counts

    [[nodiscard]] KOKKOS_INLINE_FUNCTION double rate(double x) const {
        return smoothing * softplus(x / smoothing);
    }

    /// -log likelihood of the count, less its least value over all rates: e - a - a log(e / a) for
    /// a = k + r^2 and e = rate + r^2.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double cost(double count, double x) const {
        const double a = shifted(count);
        const double e = rate(x) + readout * readout;
        if (a == 0.0) {
            return e;
        }
        const double excess = (e - a) / a;
        if (Kokkos::abs(excess) < 0.5) {
            // Near the best rate the difference of logarithms would cost all digits.
            return a * (excess - Kokkos::log1p(excess));
        }
        const double u = x / smoothing;
        const double log_e = readout > 0.0 || u > low_tail
                                 ? Kokkos::log(e)
                                 : Kokkos::log(smoothing) + u;  // e itself may be 0 in float64
        return e - a - a * (log_e - Kokkos::log(a));
    }

    /// d cost / d x.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double gradient(double count, double x) const {
        const double u = x / smoothing;
        const double slope = 1.0 / (1.0 + Kokkos::exp(-u));
        // d log(rate + r^2) / dx
        const double relative =
            readout > 0.0 || u > low_tail ? slope / (rate(x) + readout * readout) : 1.0 / smoothing;
        return slope - shifted(count) * relative;
    }

    /// A curvature of the right size over the bulk of the likelihood, never zero or infinite: the
    /// Fisher information at the count itself, one count added.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double precision(double count) const {
        return 1.0 / (Kokkos::max(count, 0.0) + readout * readout + 1.0);
    }

  private:
    /// Below this softplus(u) is exp(u) in float64.
    static constexpr double low_tail = -40.0;

    [[nodiscard]] KOKKOS_INLINE_FUNCTION static double softplus(double u) {
        return Kokkos::max(u, 0.0) + Kokkos::log1p(Kokkos::exp(-Kokkos::abs(u)));
    }
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double shifted(double count) const {
        return Kokkos::max(count + readout * readout, 0.0);
    }
};

}  // namespace tessera
