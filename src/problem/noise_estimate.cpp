#include "tessera/problem/noise_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/linalg/dense_svd.hpp"

namespace tessera {
namespace {

/// Cholesky factor of a symmetric matrix, in place of its lower triangle; false when it is not
/// positive definite to rounding.
bool factorise(Matrix& a) {
    const double smallest = static_cast<double>(a.rows) * 1e-15;  // of a unit diagonal
    for (Index j = 0; j < a.rows; ++j) {
        double pivot = a(j, j);
        for (Index k = 0; k < j; ++k) {
            pivot -= a(j, k) * a(j, k);
        }
        if (!(pivot > smallest)) {
            return false;
        }
        a(j, j) = std::sqrt(pivot);
        for (Index i = j + 1; i < a.rows; ++i) {
            double sum = a(i, j);
            for (Index k = 0; k < j; ++k) {
                sum -= a(i, k) * a(j, k);
            }
            a(i, j) = sum / a(j, j);
        }
    }
    return true;
}

/// Inverse of a symmetric positive definite matrix of unit diagonal. A singular one (bands that
/// depend on each other exactly: data without noise) is first lifted by a little more than
/// rounding.
Matrix invert(const Matrix& a) {
    Matrix lower = a;
    for (double ridge = 1e-13; !factorise(lower); ridge *= 10.0) {
        lower = a;
        for (Index i = 0; i < a.rows; ++i) {
            lower(i, i) += ridge;
        }
    }
    Matrix inverse(a.rows, a.rows);
    for (Index column = 0; column < a.rows; ++column) {
        for (Index i = column; i < a.rows; ++i) {  // L z = e_column
            double sum = i == column ? 1.0 : 0.0;
            for (Index k = column; k < i; ++k) {
                sum -= lower(i, k) * inverse(k, column);
            }
            inverse(i, column) = sum / lower(i, i);
        }
        for (Index i = a.rows - 1; i >= 0; --i) {  // L^T x = z
            double sum = inverse(i, column);
            for (Index k = i + 1; k < a.rows; ++k) {
                sum -= lower(k, i) * inverse(k, column);
            }
            inverse(i, column) = sum / lower(i, i);
        }
    }
    return inverse;
}

/// Positions of the bands that are not zero everywhere.
std::vector<Index> live_bands(const Matrix& gram) {
    std::vector<Index> live;
    for (Index band = 0; band < gram.rows; ++band) {
        if (gram(band, band) > 0.0) {
            live.push_back(band);
        }
    }
    return live;
}

/// v^T a v of a column of `vectors`.
double power_along(const Matrix& a, const Matrix& vectors, Index column) {
    double sum = 0.0;
    for (Index j = 0; j < a.columns; ++j) {
        double product = 0.0;
        for (Index i = 0; i < a.rows; ++i) {
            product += vectors(i, column) * a(i, j);
        }
        sum += product * vectors(j, column);
    }
    return sum;
}

/// Share of the Marchenko-Pastur law above the value 1 + beta + 2 sqrt(beta) cos(theta), from 0 at
/// theta = 0 to 1 at theta = pi. In theta the density is 2 sin^2 / (pi (p + q cos)), p = 1 + beta,
/// q = 2 sqrt(beta), which integrates in closed form.
double marchenko_pastur_share(double beta, double theta) {
    const double p = 1.0 + beta;
    const double q = 2.0 * std::sqrt(beta);
    const double root = 1.0 - beta;  // sqrt(p^2 - q^2)
    const double half = std::atan2(std::sqrt(p - q) * std::sin(theta / 2.0),
                                   std::sqrt(p + q) * std::cos(theta / 2.0));
    const double integral = (p * theta - 2.0 * root * half) / (q * q) - std::sin(theta) / q;
    return 2.0 * integral / std::numbers::pi;
}

struct Sides {
    double longer;
    double beta;
};

Sides sides(Index rows, Index columns) {
    const auto [shorter, longer] = std::minmax(rows, columns);
    return {static_cast<double>(longer),
            static_cast<double>(shorter) / static_cast<double>(longer)};
}

}  // namespace

BandNoise estimate_band_noise(const Matrix& gram, Index samples) {
    if (samples < gram.rows) {
        throw UsageError(fmt::format(
            "the noise cannot be estimated from the data: {} pixels are too few for {} bands; give "
            "its level",
            samples, gram.rows));
    }
    const std::vector<Index> live = live_bands(gram);
    const auto count = static_cast<Index>(live.size());
    const auto global = [&](Index i) { return live[static_cast<std::size_t>(i)]; };
    const auto length = [&](Index i) { return std::sqrt(gram(global(i), global(i))); };

    Matrix correlation(count, count);
    for (Index j = 0; j < count; ++j) {
        for (Index i = 0; i < count; ++i) {
            correlation(i, j) = gram(global(i), global(j)) / (length(i) * length(j));
        }
    }
    const Matrix precision = invert(correlation);

    // With P = G^-1 and D = diag(1 / P_ii), band i is predicted with the residual D P y, so that
    // the predicted part has the Gram matrix (I - D P) G (I - D P)^T = G - 2 D + D P D.
    BandNoise noise;
    noise.sigma.assign(static_cast<std::size_t>(gram.rows), 0.0);
    noise.signal_gram = gram;
    const auto freedom = static_cast<double>(samples - count + 1);
    for (Index j = 0; j < count; ++j) {
        const double residual = length(j) * length(j) / precision(j, j);
        noise.sigma[static_cast<std::size_t>(global(j))] = std::sqrt(residual / freedom);
        for (Index i = 0; i < count; ++i) {
            const double coupled =
                precision(i, j) * length(i) * length(j) / (precision(i, i) * precision(j, j));
            noise.signal_gram(global(i), global(j)) += coupled - (i == j ? 2.0 * residual : 0.0);
        }
    }
    return noise;
}

Index hysime_subspace_size(const Matrix& gram, Index samples, const BandNoise& noise) {
    const auto pixels = static_cast<double>(samples);
    const Matrix directions = symmetric_eigen(noise.signal_gram).vectors;
    double signal_power = 0.0;
    for (Index band = 0; band < gram.rows; ++band) {
        signal_power += noise.signal_gram(band, band) / pixels;
    }
    // The authors' code lifts the noise by this much, against directions that are empty.
    const double lift = signal_power / static_cast<double>(gram.rows) * 1e-5;

    Index size = 0;
    for (Index column = 0; column < gram.columns; ++column) {
        double noise_power = lift;
        for (Index band = 0; band < gram.rows; ++band) {
            const double sigma = noise.sigma[static_cast<std::size_t>(band)];
            noise_power += std::pow(directions(band, column) * sigma, 2);
        }
        size += power_along(gram, directions, column) / pixels > 2.0 * noise_power ? 1 : 0;
    }
    return size;
}

double marchenko_pastur_median(double beta) {
    TESSERA_ASSERT(beta > 0.0 && beta <= 1.0, "Marchenko-Pastur: ratio outside (0, 1]");
    const double ratio = std::max(beta, 1e-8);  // below, the closed form loses its digits
    double low = 0.0;
    double high = std::numbers::pi;
    while (high - low > 1e-15) {
        const double middle = 0.5 * (low + high);
        if (middle <= low || middle >= high) {
            break;
        }
        (marchenko_pastur_share(ratio, middle) < 0.5 ? low : high) = middle;
    }
    return 1.0 + ratio + 2.0 * std::sqrt(ratio) * std::cos(0.5 * (low + high));
}

double estimate_sigma(const std::vector<double>& singular_values, Index rows, Index columns) {
    TESSERA_ASSERT(static_cast<Index>(singular_values.size()) == std::min(rows, columns),
                   "the noise level needs all singular values");
    std::vector<double> sorted = singular_values;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t half = sorted.size() / 2;
    const double median =
        sorted.size() % 2 == 1 ? sorted[half] : 0.5 * (sorted[half - 1] + sorted[half]);
    const auto [longer, beta] = sides(rows, columns);
    return median / std::sqrt(longer * marchenko_pastur_median(beta));
}

double optimal_hard_threshold(double beta) {
    const double root = std::sqrt(beta * beta + 14.0 * beta + 1.0);
    return std::sqrt(2.0 * (beta + 1.0) + 8.0 * beta / (beta + 1.0 + root));
}

double optimal_hard_threshold_unknown_noise(double beta) {
    return optimal_hard_threshold(beta) / std::sqrt(marchenko_pastur_median(beta));
}

std::vector<double> shrink_singular_values(const std::vector<double>& singular_values, Index rows,
                                           Index columns, double sigma) {
    std::vector<double> shrunk = singular_values;
    if (sigma <= 0.0) {
        return shrunk;
    }
    const auto [longer, beta] = sides(rows, columns);
    const double unit = std::sqrt(longer) * sigma;
    const double edge = 1.0 + std::sqrt(beta);
    for (double& value : shrunk) {
        const double y = value / unit;
        const double excess = y * y - beta - 1.0;
        value = y <= edge ? 0.0 : unit * std::sqrt(std::max(excess * excess - 4.0 * beta, 0.0)) / y;
    }
    return shrunk;
}

}  // namespace tessera
