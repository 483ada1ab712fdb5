#include "tessera/method/tucker/truncation_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tessera/base/error.hpp"

namespace tessera {

std::vector<Index> expected_ranks(const Extents& shape, const std::vector<Index>& ranks) {
    if (!ranks.empty()) {
        return ranks;
    }
    std::vector<Index> guess;
    for (int mode = 0; mode < shape.order(); ++mode) {
        guess.push_back((shape[mode] + 1) / 2);
    }
    return guess;
}

double truncation_flops(const Extents& shape, const std::vector<Index>& ranks,
                        const std::vector<int>& modes, bool by_qr) {
    // Tridiagonal reduction, divide and conquer and back transformation of LAPACK's dsyevd.
    constexpr double eigen_flops = 9.0;
    Extents left = shape;
    double flops = 0.0;
    for (const int mode : modes) {
        const auto extent = static_cast<double>(left[mode]);
        const auto entries = static_cast<double>(left.product());
        const auto rank = static_cast<double>(ranks[static_cast<std::size_t>(mode)]);
        flops += (by_qr ? 3.0 : 1.0) * entries * extent + eigen_flops * extent * extent * extent +
                 2.0 * entries * rank;
        left[mode] = ranks[static_cast<std::size_t>(mode)];
    }
    return flops;
}

TruncationOrder cheapest_order(const Extents& shape, const std::vector<Index>& ranks, bool by_qr) {
    const std::vector<Index> expected = expected_ranks(shape, ranks);
    std::vector<int> modes(expected.size());
    std::iota(modes.begin(), modes.end(), 0);
    TruncationOrder best{modes, truncation_flops(shape, expected, modes, by_qr)};
    while (std::next_permutation(modes.begin(), modes.end())) {
        const double flops = truncation_flops(shape, expected, modes, by_qr);
        if (flops < best.flops) {
            best = {modes, flops};
        }
    }
    return best;
}

std::vector<int> named_order(const std::vector<std::string>& names,
                             const std::vector<std::string>& axes) {
    std::vector<int> modes;
    for (const std::string& name : names) {
        const auto found = std::find(axes.begin(), axes.end(), name);
        if (found == axes.end()) {
            throw UsageError(
                fmt::format("method.mode_order names the axis \"{}\", but the data "
                            "has the axes {}",
                            name, fmt::join(axes, ", ")));
        }
        modes.push_back(static_cast<int>(found - axes.begin()));
    }
    std::vector<int> sorted = modes;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    if (modes.size() != axes.size() || sorted.size() != axes.size()) {
        throw UsageError(
            fmt::format("method.mode_order must name each axis once: {}", fmt::join(axes, ", ")));
    }
    return modes;
}

}  // namespace tessera
