#pragma once

#include <Kokkos_Core.hpp>

namespace tessera {

/// What an entry costs whose value is y where the model says x, in the units of the data (squared
/// units for `squares` and `huber`). All are 0 for a perfect model and convex in x.
struct EntryLoss {
    enum class Kind {
        squares,   ///< (x - y)^2
        absolute,  ///< |x - y|
        huber,     ///< squares up to `width`, then straight on
        poisson    ///< likelihood of counts with readout noise
    };
    Kind kind = Kind::squares;
    double width = 0.0;    ///< of huber, in the units of the data
    double peak = 1.0;     ///< of poisson: counts at value 1
    double readout = 0.0;  ///< of poisson: standard deviation of the readout noise, in counts
};

// One callable per kind: writes the cost of an entry and its derivative by x.

struct SquaredLoss {
    template <typename T>
    KOKKOS_INLINE_FUNCTION void operator()(T x, T y, double& cost, T& slope) const {
        const T residual = x - y;
        cost = static_cast<double>(residual) * static_cast<double>(residual);
        slope = residual + residual;
    }
};

/// The derivative at 0 is 0.
struct AbsoluteLoss {
    template <typename T>
    KOKKOS_INLINE_FUNCTION void operator()(T x, T y, double& cost, T& slope) const {
        const T residual = x - y;
        // Without branches: noise decides between them.
        slope =
            static_cast<T>(static_cast<int>(residual > T{0}) - static_cast<int>(residual < T{0}));
        cost = static_cast<double>(slope * residual);
    }
};

struct HuberLoss {
    double width;

    template <typename T>
    KOKKOS_INLINE_FUNCTION void operator()(T x, T y, double& cost, T& slope) const {
        const T limit = static_cast<T>(width);
        const T residual = x - y;
        const T inside = residual > limit ? limit : (residual < -limit ? -limit : residual);
        // width (2 |r| - width) outside, r^2 inside.
        cost = static_cast<double>(inside) * static_cast<double>(residual + residual - inside);
        slope = inside + inside;
    }
};

/// Half the deviance of the shifted Poisson law (Snyder, Hammoud and White 1993), per unit of the
/// peak: peak y + readout^2 counts are taken for a Poisson number of mean peak x + readout^2. Where
/// that mean falls below a tenth of a count, the second-order expansion goes on in its place, so
/// that models that dip below zero have a finite cost and are pulled back.
struct PoissonLoss {
    double peak;
    double readout;

    template <typename T>
    KOKKOS_INLINE_FUNCTION void operator()(T x, T y, double& cost, T& slope) const {
        constexpr double least = 0.1;
        const double variance = readout * readout;
        const double shifted = peak * static_cast<double>(y) + variance;
        const double count = shifted > 0.0 ? shifted : 0.0;
        const double mean = peak * static_cast<double>(x) + variance;
        const double at = mean > least ? mean : least;
        const double step = mean - at;
        const double gradient = 1.0 - count / at;
        const double curvature = (count > least ? count : least) / (at * at);
        const double deviance = at - count + (count > 0.0 ? count * Kokkos::log(count / at) : 0.0);
        cost = (deviance + gradient * step + 0.5 * curvature * step * step) / peak;
        slope = static_cast<T>(gradient + curvature * step);
    }
};

/// Calls `visit` with the callable of a loss.
template <typename Visit>
void with_loss(const EntryLoss& loss, const Visit& visit) {
    switch (loss.kind) {
        case EntryLoss::Kind::squares:
            visit(SquaredLoss{});
            break;
        case EntryLoss::Kind::absolute:
            visit(AbsoluteLoss{});
            break;
        case EntryLoss::Kind::huber:
            visit(HuberLoss{loss.width});
            break;
        case EntryLoss::Kind::poisson:
            visit(PoissonLoss{loss.peak, loss.readout});
            break;
    }
}

}  // namespace tessera
