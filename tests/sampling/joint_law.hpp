#pragma once

// Geweke's "getting it right" (2004, Journal of the American Statistical Association 99, 799-804):
// parameters and data have one joint law, drawn in two ways. Marginal-conditional draws are
// independent: parameters from their priors, data given them. A successive-conditional chain moves
// the parameters given the data by the sampler in question, then draws the data anew given the
// parameters. Both have the same means of every function, if the sampler is right.
//
// Here every chain starts at an exact draw of the joint law, and many chains are independent: their
// means then have exactly the expectation that is asked for, without a warm-up, and the spread
// between them is their error whatever the autocorrelation. Where scales hardly move, a chain's
// mean says little but how it began; what is known of its first draw is therefore taken off (a
// control variate), and what is left is what the sampler did.
//
// Scale parameters have heavy tails (half a Cauchy law has no mean, and X = gamma Phi / lambda
// inherits that), and a z-score needs a variance. So functionals are logarithms, or grow like one
// (asinh x, log(1 + x^2)), of which all moments exist under every prior used here; lambda
// ||Phi||_* is gamma-distributed and may stand as it is.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "distribution_checks.hpp"
#include "tessera/sampling/convergence.hpp"

namespace tessera::test_sampling {

/// Values of functionals: [functional][draw], or of chains [functional][chain][draw], the first
/// of which are exact.
using Draws = std::vector<std::vector<double>>;
using Traces = std::vector<Chains>;

inline void add_draw(Draws& draws, const std::vector<double>& values) {
    draws.resize(values.size());
    for (std::size_t k = 0; k < values.size(); ++k) {
        draws[k].push_back(values[k]);
    }
}

inline void add_draw(Traces& traces, std::size_t chains, std::size_t chain,
                     const std::vector<double>& values) {
    traces.resize(values.size(), Chains(chains));
    for (std::size_t k = 0; k < values.size(); ++k) {
        traces[k][chain].push_back(values[k]);
    }
}

/// One functional's comparison.
struct JointComparison {
    double z;               ///< difference of the means over its error
    double effective_size;  ///< independent draws that would have that error
};

inline JointComparison compare(const std::vector<double>& independent, const Chains& chains) {
    const test::MeanAndError expected = test::mean_and_error(independent);
    std::vector<double> means;
    std::vector<double> starts;
    for (const std::vector<double>& chain : chains) {
        means.push_back(test::mean_and_error(chain).mean - expected.mean);
        starts.push_back(chain.front() - expected.mean);
    }
    const double slope = std::inner_product(means.begin(), means.end(), starts.begin(), 0.0) /
                         std::inner_product(starts.begin(), starts.end(), starts.begin(), 0.0);
    for (std::size_t chain = 0; chain < means.size(); ++chain) {
        means[chain] -= slope * starts[chain];
    }
    const test::MeanAndError found = test::mean_and_error(means);
    const double error = std::hypot(found.error, (1.0 - slope) * expected.error);
    const double deviation = expected.error * std::sqrt(static_cast<double>(independent.size()));
    return {found.mean / error, std::pow(deviation / error, 2)};
}

inline std::vector<JointComparison> compare(const Draws& independent, const Traces& chains) {
    std::vector<JointComparison> result;
    for (std::size_t k = 0; k < independent.size(); ++k) {
        result.push_back(compare(independent[k], chains[k]));
    }
    return result;
}

/// All functionals agree, and each is known well enough for that to say something.
inline void expect_same_joint_law(const std::vector<JointComparison>& comparisons,
                                  const std::vector<std::string>& names, double limit) {
    // A bias of a seventh of the functional's standard deviation would be seen.
    constexpr double least_effective_size = 1000.0;
    for (std::size_t k = 0; k < comparisons.size(); ++k) {
        EXPECT_LT(std::abs(comparisons[k].z), limit) << names[k];
        EXPECT_GT(comparisons[k].effective_size, least_effective_size) << names[k];
    }
}

inline double largest_z(const std::vector<JointComparison>& comparisons) {
    double largest = 0.0;
    for (const JointComparison& comparison : comparisons) {
        largest = std::max(largest, std::abs(comparison.z));
    }
    return largest;
}

}  // namespace tessera::test_sampling
