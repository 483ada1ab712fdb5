#include "tessera/sampling/convergence.hpp"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::vector<double> all_draws(const Chains& chains) {
    std::vector<double> draws;
    for (const auto& chain : chains) {
        TESSERA_ASSERT(chain.size() == chains.front().size(), "chains have one length");
        draws.insert(draws.end(), chain.begin(), chain.end());
    }
    return draws;
}

/// False where nothing can be said: too few draws, one that is not finite, or all of them equal.
bool can_be_judged(const Chains& chains) {
    if (chains.empty() || chains.front().size() < 4) {
        return false;
    }
    const std::vector<double> draws = all_draws(chains);
    const bool finite =
        std::all_of(draws.begin(), draws.end(), [](double draw) { return std::isfinite(draw); });
    const auto [least, largest] = std::minmax_element(draws.begin(), draws.end());
    return finite && *least < *largest;
}

/// Both halves of each chain; of an odd number of draws the middle one is left out.
Chains split(const Chains& chains) {
    Chains halves;
    for (const auto& chain : chains) {
        const auto half = static_cast<std::ptrdiff_t>(chain.size() / 2);
        halves.emplace_back(chain.begin(), chain.begin() + half);
        halves.emplace_back(chain.end() - half, chain.end());
    }
    return halves;
}

/// Chains whose draws are those of `shape` in the order of `draws`.
Chains in_chains(const std::vector<double>& draws, const Chains& shape) {
    Chains chains;
    auto next = draws.begin();
    for (const auto& chain : shape) {
        const auto end = next + static_cast<std::ptrdiff_t>(chain.size());
        chains.emplace_back(next, end);
        next = end;
    }
    return chains;
}

/// The normal quantile of (rank - 3/8) / (S + 1/4), ranks from 1 to S; equal draws share the mean
/// of their ranks.
Chains normal_scores(const Chains& chains) {
    const std::vector<double> draws = all_draws(chains);
    std::vector<std::size_t> order(draws.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return draws[a] < draws[b]; });
    std::vector<double> scores(draws.size());
    const auto total = static_cast<double>(draws.size());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t end = first + 1;
        while (end < order.size() && draws[order[end]] == draws[order[first]]) {
            ++end;
        }
        const double rank = 0.5 * static_cast<double>(first + 1 + end);
        const double part = (rank - 0.375) / (total + 0.25);
        const double score = -std::numbers::sqrt2 * boost::math::erfc_inv(2.0 * part);
        for (; first < end; ++first) {
            scores[order[first]] = score;
        }
    }
    return in_chains(scores, chains);
}

/// Quantile by linear interpolation between order statistics (Hyndman and Fan's type 7).
double quantile(std::vector<double> draws, double part) {
    std::sort(draws.begin(), draws.end());
    const double position = part * static_cast<double>(draws.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, draws.size() - 1);
    const double share = position - static_cast<double>(below);
    return draws[below] + share * (draws[above] - draws[below]);
}

template <typename Function>
Chains transformed(Chains chains, const Function& function) {
    for (auto& chain : chains) {
        std::transform(chain.begin(), chain.end(), chain.begin(), function);
    }
    return chains;
}

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// With the divisor n - 1.
double variance(const std::vector<double>& values) {
    const double middle = mean(values);
    double sum = 0.0;
    for (const double value : values) {
        sum += (value - middle) * (value - middle);
    }
    return sum / static_cast<double>(values.size() - 1);
}

/// Variances of a quantity within chains and, estimated from below and above, in total (Gelman and
/// Rubin's W and var+), of chains of n draws.
struct Variances {
    double within;
    double total;
};
Variances variances(const Chains& chains) {
    const auto n = static_cast<double>(chains.front().size());
    std::vector<double> within;
    std::vector<double> means;
    for (const auto& chain : chains) {
        within.push_back(variance(chain));
        means.push_back(mean(chain));
    }
    const double average = mean(within);
    return {average, average * (n - 1.0) / n + variance(means)};
}

double r_hat(const Chains& chains) {
    const Variances v = variances(chains);
    return std::sqrt(v.total / v.within);
}

/// Autocovariance at one lag with the divisor n, averaged over chains of mean zero.
double autocovariance(const Chains& centred, std::size_t lag) {
    double sum = 0.0;
    for (const auto& chain : centred) {
        sum += std::inner_product(chain.begin() + static_cast<std::ptrdiff_t>(lag), chain.end(),
                                  chain.begin(), 0.0);
    }
    return sum / static_cast<double>(centred.size() * centred.front().size());
}

/// Of split chains (Vehtari et al. 2021, section 3.2): Geyer's initial positive and monotone
/// sequence of sums of neighbouring autocorrelations.
double effective_size_of_split(const Chains& chains) {
    const Variances v = variances(chains);
    if (!(v.within > 0.0)) {
        return not_a_number;
    }
    Chains centred = chains;
    for (auto& chain : centred) {
        const double middle = mean(chain);
        std::transform(chain.begin(), chain.end(), chain.begin(),
                       [middle](double draw) { return draw - middle; });
    }
    const auto correlation = [&](std::size_t lag) {
        return 1.0 - (v.within - autocovariance(centred, lag)) / v.total;
    };
    const std::size_t draws = chains.front().size();
    double pair = 1.0 + correlation(1);
    double time = -1.0 + 2.0 * pair;
    for (std::size_t lag = 2; lag + 1 < draws; lag += 2) {
        const double even = correlation(lag);
        const double next = even + correlation(lag + 1);
        if (!(next > 0.0)) {
            // The even one alone makes the estimate for antithetic chains better.
            time += std::max(even, 0.0);
            break;
        }
        pair = std::min(pair, next);
        time += 2.0 * pair;
    }
    const auto total = static_cast<double>(chains.size() * draws);
    return total / std::max(time, 1.0 / std::log10(total));
}

}  // namespace

double split_r_hat(const Chains& chains) {
    if (!can_be_judged(chains)) {
        return not_a_number;
    }
    const Chains halves = split(chains);
    const double median = quantile(all_draws(halves), 0.5);
    const Chains folded =
        transformed(halves, [median](double draw) { return std::abs(draw - median); });
    return std::max(r_hat(normal_scores(halves)), r_hat(normal_scores(folded)));
}

double effective_size(const Chains& chains) {
    return can_be_judged(chains) ? effective_size_of_split(split(chains)) : not_a_number;
}

double bulk_effective_size(const Chains& chains) {
    return can_be_judged(chains) ? effective_size_of_split(normal_scores(split(chains)))
                                 : not_a_number;
}

double tail_effective_size(const Chains& chains) {
    if (!can_be_judged(chains)) {
        return not_a_number;
    }
    const Chains halves = split(chains);
    const auto below = [&](double part) {
        const double limit = quantile(all_draws(halves), part);
        return effective_size_of_split(
            transformed(halves, [limit](double draw) { return draw <= limit ? 1.0 : 0.0; }));
    };
    return std::min(below(0.05), below(0.95));
}

double mean_standard_error(const Chains& chains) {
    return std::sqrt(variance(all_draws(chains)) / effective_size(chains));
}

}  // namespace tessera
