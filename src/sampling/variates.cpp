#include "tessera/sampling/variates.hpp"

#include <cmath>
#include <numbers>

namespace tessera {
namespace {

/// log(1 + x) - x + x^2/2 - x^3/3, without cancellation for small x.
double log1p_beyond_cube(double x) {
    if (std::abs(x) > 0.05) {
        return std::log1p(x) - x + x * x / 2.0 - x * x * x / 3.0;
    }
    // The series from -x^4/4 on; twelve terms of it reach 1e-16 at x = 0.05.
    double sum = 0.0;
    for (int power = 15; power >= 4; --power) {
        sum = sum * -x + 1.0 / power;
    }
    return -sum * x * x * x * x;
}

/// Gamma for shape >= 1. With y the scaled normal number, Marsaglia and Tsang's bound
/// x^2/2 + d - d v + d log v equals 3 d (log(1 + y) - y + y^2/2 - y^3/3).
double gamma_of_large_shape(RandomSequence& random, double shape) {
    const double d = shape - 1.0 / 3.0;
    const double scale = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
        const double y = scale * random.normal();
        if (y <= -1.0) {
            continue;
        }
        if (std::log(random.uniform()) < 3.0 * d * log1p_beyond_cube(y)) {
            return d * (1.0 + y) * (1.0 + y) * (1.0 + y);
        }
    }
}

/// The logarithm of a gamma variate, which does not underflow for small shapes.
double log_gamma_variate(RandomSequence& random, double shape) {
    if (shape >= 1.0) {
        return std::log(gamma_of_large_shape(random, shape));
    }
    const double larger = std::log(gamma_of_large_shape(random, shape + 1.0));
    return larger + std::log(random.uniform()) / shape;
}

}  // namespace

double gamma_variate(RandomSequence& random, double shape) {
    if (shape >= 1.0) {
        return gamma_of_large_shape(random, shape);
    }
    return std::exp(log_gamma_variate(random, shape));
}

double beta_variate(RandomSequence& random, double a, double b) {
    const double log_first = log_gamma_variate(random, a);
    const double log_second = log_gamma_variate(random, b);
    return 1.0 / (1.0 + std::exp(log_second - log_first));
}

double inverse_gamma_variate(RandomSequence& random, double shape, double scale) {
    return scale / gamma_variate(random, shape);
}

double von_mises_variate(RandomSequence& random, double concentration) {
    if (concentration <= 0.0) {
        return std::numbers::pi * (2.0 * random.uniform() - 1.0);
    }
    // Best and Fisher's envelope is a wrapped Cauchy law, the image of a uniform angle t under
    // tan(angle/2) = sqrt((r - 1)/(r + 1)) tan(t/2). Their r is (1 + q)/(2 k), q = sqrt(1 + 4 k^2),
    // and k (r - cos(angle)) is r/(r + cos t).
    const double q = std::hypot(1.0, 2.0 * concentration);
    const double r = (1.0 + q) / (2.0 * concentration);
    const double r_minus_one = (1.0 + 1.0 / (q + 2.0 * concentration)) / (2.0 * concentration);
    const double squeeze = std::sqrt(r_minus_one / (r_minus_one + 2.0));
    for (;;) {
        const double half = 0.5 * std::numbers::pi * (2.0 * random.uniform() - 1.0);
        const double one_plus_cosine = 2.0 * std::cos(half) * std::cos(half);
        const double c = r / (r_minus_one + one_plus_cosine);
        if (std::log(random.uniform()) <= std::log(c) + 1.0 - c) {
            return 2.0 * std::atan(squeeze * std::tan(half));
        }
    }
}

SphereAngle von_mises_fisher_angle(RandomSequence& random, Index dimension, double concentration) {
    if (dimension == 1) {
        const double along = 1.0 / (1.0 + std::exp(-2.0 * concentration));
        return {random.uniform() < along ? 1.0 : -1.0, 0.0};
    }
    const auto degrees = static_cast<double>(dimension - 1);
    const double b = degrees / (2.0 * concentration + std::hypot(2.0 * concentration, degrees));
    for (;;) {
        const double z = beta_variate(random, 0.5 * degrees, 0.5 * degrees);
        // Wood's x0, w and bound in terms of 1 - x0 = 2 b/(1 + b) and 1 - w = 2 b z/denominator.
        const double denominator = 1.0 - (1.0 - b) * z;
        const double log_ratio =
            2.0 * concentration * b * (1.0 - 2.0 * z) / ((1.0 + b) * denominator) +
            degrees * std::log((1.0 + b) / (2.0 * denominator));
        if (std::log(random.uniform()) <= log_ratio) {
            const double gap = 2.0 * b * z / denominator;
            return {1.0 - gap, std::sqrt(gap * (2.0 - gap))};
        }
    }
}

double power_gaussian_variate(RandomSequence& random, double power, double precision,
                              double slope) {
    TESSERA_ASSERT(power > 1.0 && (precision > 0.0 || slope < 0.0),
                   "a power-Gaussian law needs a power above one and an integrable tail");
    const double order = power - 1.0;
    const double root = std::hypot(slope, 2.0 * std::sqrt(precision * order));
    const double mode =
        slope > 0.0 ? (slope + root) / (2.0 * precision) : 2.0 * order / (root - slope);
    if (precision * mode * mode < order) {
        const double rate = order / mode;
        for (;;) {
            const double x = gamma_variate(random, power) / rate;
            if (std::log(random.uniform()) < -0.5 * precision * (x - mode) * (x - mode)) {
                return x;
            }
        }
    }
    const double deviation = 1.0 / std::sqrt(precision);
    for (;;) {
        const double relative = deviation * random.normal() / mode;
        if (relative > -1.0 &&
            std::log(random.uniform()) < order * (std::log1p(relative) - relative)) {
            return mode * (1.0 + relative);
        }
    }
}

}  // namespace tessera
