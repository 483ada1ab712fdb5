#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace tessera::test_support {

using Distribution = std::function<double(double)>;

/// Kolmogorov and Smirnov's statistic, sqrt(n) times the largest distance between the sample's and
/// the exact distribution function; above `smirnov_limit` with probability 0.001.
inline double kolmogorov_smirnov(std::vector<double> values, const Distribution& distribution) {
    std::sort(values.begin(), values.end());
    const auto n = static_cast<double>(values.size());
    double largest = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double exact = distribution(values[i]);
        const auto rank = static_cast<double>(i);
        largest = std::max({largest, exact - rank / n, (rank + 1.0) / n - exact});
    }
    return std::sqrt(n) * largest;
}

inline constexpr double smirnov_limit = 1.95;

}  // namespace tessera::test_support
