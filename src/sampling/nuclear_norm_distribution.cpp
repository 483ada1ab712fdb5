#include "tessera/sampling/nuclear_norm_distribution.hpp"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numbers>

#include "tessera/base/error.hpp"
#include "tessera/sampling/nuclear_norm_constant.hpp"

namespace tessera {

double nuclear_norm_probability(Index rows, Index columns, double lambda, double x) {
    if (x <= 0.0) {
        return 0.0;
    }
    return boost::math::gamma_p(static_cast<double>(rows) * static_cast<double>(columns),
                                lambda * x);
}

double log_singular_value_density(Index rows, Index columns, double lambda,
                                  const std::vector<double>& singular_values) {
    const Index n = std::min(rows, columns);
    const Index m = std::max(rows, columns);
    TESSERA_ASSERT(static_cast<Index>(singular_values.size()) == n,
                   "as many singular values as the short side");
    const auto entries = static_cast<double>(n) * static_cast<double>(m);
    double sum = entries * std::log(lambda) - log_singular_value_integral(n, m);
    for (std::size_t i = 0; i < singular_values.size(); ++i) {
        const double s = singular_values[i];
        sum -= lambda * s;
        if (m > n) {
            sum += static_cast<double>(m - n) * std::log(s);
        }
        for (std::size_t j = i + 1; j < singular_values.size(); ++j) {
            sum += std::log((s - singular_values[j]) * (s + singular_values[j]));
        }
    }
    return sum;
}

PenaltyFit fit_penalty(double entries, double nuclear_norm) {
    if (!(nuclear_norm > 0.0)) {
        throw UsageError(
            "a penalty cannot be fitted to matrices whose nuclear norms sum to zero: give at least "
            "one matrix that is not zero");
    }
    const double lambda = entries / nuclear_norm;
    return {lambda, lambda / std::sqrt(entries)};
}

double limiting_singular_value_probability(double x) {
    constexpr double pi = std::numbers::pi;
    if (x <= 0.0 || x >= pi) {
        return x <= 0.0 ? 0.0 : 1.0;
    }
    return 2.0 / (pi * pi) * (x * std::acosh(pi / x) + pi * std::asin(x / pi));
}

double normal_product_variance(Index rows, Index columns, Index inner, double lambda) {
    const auto n = static_cast<double>(std::min(rows, columns));
    const auto m = static_cast<double>(std::max(rows, columns));
    const auto k = static_cast<double>(inner);
    if (k < n) {
        throw UsageError("the inner dimension " + std::to_string(inner) +
                         " of a normal product is below the short side of its matrix: choose the "
                         "long side");
    }
    // With w = sin^2 t the integrand is a periodic function, smooth but for a kink where a = 1 or
    // b = 1 nearly, which the midpoint rule takes with an error of width^4.
    constexpr int cells = 2000;
    constexpr double width = 0.5 * std::numbers::pi / cells;
    double integral = 0.0;
    for (int i = 0; i < cells; ++i) {
        const double w = std::pow(std::sin(width * (i + 0.5)), 2);
        integral += width * (1.0 - w) * std::sqrt((1.0 - n / k * w) * (1.0 - n / m * w));
    }
    return std::sqrt(m / k) / (lambda * 4.0 / std::numbers::pi * integral);
}

}  // namespace tessera
