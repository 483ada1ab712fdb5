#pragma once

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "kolmogorov_smirnov.hpp"
#include "tessera/sampling/random_sequence.hpp"

// Tools of the tests of random samplers. They draw fixed numbers (a seed each), so they cannot fail
// by chance from one run to the next; a limit says how unlikely the outcome would be for a right
// sampler.

namespace tessera::test {

using test_support::Distribution;
using test_support::kolmogorov_smirnov;
using test_support::smirnov_limit;

/// The statistic of `kolmogorov_smirnov` for two samples.
inline double kolmogorov_smirnov(std::vector<double> a, std::vector<double> b) {
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    const auto count_a = static_cast<double>(a.size());
    const auto count_b = static_cast<double>(b.size());
    double largest = 0.0;
    std::size_t below = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        while (below < b.size() && b[below] <= a[i]) {
            ++below;
        }
        const double share = static_cast<double>(below) / count_b;
        largest = std::max({largest, std::abs(static_cast<double>(i) / count_a - share),
                            std::abs(static_cast<double>(i + 1) / count_a - share)});
    }
    return std::sqrt(count_a * count_b / (count_a + count_b)) * largest;
}

/// The distribution function of a density known up to a factor, by the trapezoidal rule between
/// `low` and `high`, outside of which it has nothing to speak of; linear in between.
class TabulatedDistribution {
  public:
    TabulatedDistribution(const std::function<double(double)>& log_density, double low, double high)
        : low_(low), width_((high - low) / cells), cumulative_(cells + 1, 0.0) {
        std::vector<double> logs(cells + 1);
        for (int i = 0; i <= cells; ++i) {
            logs[static_cast<std::size_t>(i)] = log_density(low + i * width_);
        }
        const double largest = *std::max_element(logs.begin(), logs.end());
        for (std::size_t i = 1; i <= cells; ++i) {
            cumulative_[i] = cumulative_[i - 1] +
                             0.5 * (std::exp(logs[i - 1] - largest) + std::exp(logs[i] - largest));
        }
    }

    double operator()(double x) const {
        const double position = std::clamp((x - low_) / width_, 0.0, cells * 1.0);
        const auto cell = static_cast<std::size_t>(std::min(position, cells - 1.0));
        const double part = position - static_cast<double>(cell);
        return (cumulative_[cell] + part * (cumulative_[cell + 1] - cumulative_[cell])) /
               cumulative_.back();
    }

  private:
    static constexpr int cells = 40'000;
    double low_;
    double width_;
    std::vector<double> cumulative_;
};

/// Mean and the standard error of it, of independent values.
struct MeanAndError {
    double mean;
    double error;
};
inline MeanAndError mean_and_error(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    double sum = 0.0;
    for (const double value : values) {
        sum += value;
    }
    double squares = 0.0;
    for (const double value : values) {
        squares += (value - sum / n) * (value - sum / n);
    }
    return {sum / n, std::sqrt(squares / (n - 1.0) / n)};
}

/// The limit of |z| that any of `comparisons` right ones passes with the probability `error`
/// (Bonferroni).
inline double z_limit(double comparisons, double error) {
    return std::sqrt(2.0) * boost::math::erfc_inv(error / comparisons);
}

/// `count` draws, each with a sequence of its own.
template <typename Draw>
std::vector<double> independent_draws(int count, unsigned seed, const Draw& draw) {
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        RandomSequence random(seed, 0, i, 0);
        values.push_back(draw(random));
    }
    return values;
}

}  // namespace tessera::test
