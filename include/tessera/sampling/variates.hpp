#pragma once

#include "tessera/base/types.hpp"
#include "tessera/sampling/random_sequence.hpp"

/// Exact draws of scalar random variables. The acceptance tests of the rejection samplers are
/// written without the cancellations of their textbook forms, so that they hold at the shapes and
/// concentrations of whole tensors (1e9 and beyond).
namespace tessera {

/// Gamma with density x^(shape - 1) exp(-x) / Gamma(shape), shape > 0 (Marsaglia and Tsang 2000).
/// Shapes far below one may underflow to zero, as the variable itself does.
[[nodiscard]] double gamma_variate(RandomSequence& random, double shape);

/// Beta with density proportional to x^(a - 1) (1 - x)^(b - 1), a and b > 0.
[[nodiscard]] double beta_variate(RandomSequence& random, double a, double b);

/// Inverse gamma with density proportional to x^(-shape - 1) exp(-scale / x), both > 0.
[[nodiscard]] double inverse_gamma_variate(RandomSequence& random, double shape, double scale);

/// Angle in [-pi, pi] with density proportional to exp(concentration cos(angle)), concentration
/// >= 0 (Best and Fisher 1979).
[[nodiscard]] double von_mises_variate(RandomSequence& random, double concentration);

/// Angle between a point of the unit sphere in `dimension` >= 1 dimensions and its mean direction.
struct SphereAngle {
    double cosine;
    double sine;  ///< >= 0
};

/// The angle of a von Mises-Fisher point: density of the cosine w proportional to
/// exp(concentration w) (1 - w^2)^((dimension - 3) / 2) (Wood 1994); in one dimension w is -1 or 1.
[[nodiscard]] SphereAngle von_mises_fisher_angle(RandomSequence& random, Index dimension,
                                                 double concentration);

/// x > 0 with density proportional to x^(power - 1) exp(-precision x^2 / 2 + slope x), power > 1,
/// and precision > 0 or slope < 0. The better of two envelopes that touch the density at its mode,
/// a gamma law (tangent of the square) or a Gaussian (tangent of the logarithm), accepts at least
/// about two of three proposals from power = 2 on.
[[nodiscard]] double power_gaussian_variate(RandomSequence& random, double power, double precision,
                                            double slope);

}  // namespace tessera
