// Normal-product Gibbs: it must leave exact draws of its prior alone, with any mask, and agree with
// the posterior where that is Gaussian.

#include <gtest/gtest.h>

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "distribution_checks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/sampling/normal_product_gibbs.hpp"
#include "tessera/sampling/variates.hpp"

namespace tessera {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Case {
    Index n;
    Index m;
    Index inner;
    bool masked;
};

std::vector<double> statistics(const Matrix& x) {
    const std::vector<double> values = dense_singular_values(x);
    return {x(0, 0) * x(0, 0),
            std::abs(x(1, 1)),
            x(0, 0) * x(1, 1),
            std::pow(x(0, 0) * x(1, 1) - x(0, 1) * x(1, 0), 2),
            std::accumulate(values.begin(), values.end(), 0.0),
            values.back()};
}

/// Everything drawn from the prior, the variance of the factors too; then two steps.
struct Outcome {
    std::vector<std::vector<double>> differences{6};
    std::vector<double> variances;
};
constexpr double prior_shape = 4.0;
constexpr double prior_scale = 5.0;

Outcome steps_from_prior(const Case& shape) {
    const auto entries = static_cast<std::size_t>(shape.n * shape.m);
    std::vector<std::uint8_t> mask(entries, 1);
    NormalProductGibbs chain(shape.n, shape.m, shape.inner);
    Matrix phi(shape.n, shape.m);
    Matrix y(shape.n, shape.m);
    Outcome outcome;
    for (int i = 0; i < 5000; ++i) {
        RandomSequence random(1, 0, i, 0);
        double variance = inverse_gamma_variate(random, prior_shape, prior_scale);
        std::vector<double> factors = chain.state();
        for (double& value : factors) {
            value = std::sqrt(variance) * random.normal();
        }
        chain.restore(factors);
        chain.form(phi.data());
        const std::vector<double> before = statistics(phi);
        for (int step = 0; step < 2; ++step) {
            for (std::size_t k = 0; k < entries; ++k) {
                mask[k] = !shape.masked || random.uniform() < 0.6 ? 1 : 0;
                // What was not observed must not be read.
                y.values[k] = mask[k] != 0 ? phi.values[k] + random.normal() : not_a_number;
            }
            chain.advance(y.data(), shape.masked ? mask.data() : nullptr, variance, random);
            variance = chain.draw_variance(random, prior_shape, prior_scale);
            chain.form(phi.data());
        }
        const std::vector<double> after = statistics(phi);
        for (std::size_t k = 0; k < after.size(); ++k) {
            outcome.differences[k].push_back(after[k] - before[k]);
        }
        outcome.variances.push_back(variance);
    }
    return outcome;
}

TEST(NormalProductGibbsOneRank, LeavesExactDrawsAlone) {
    for (const Case& shape :
         {Case{2, 3, 2, false}, Case{3, 2, 4, false}, Case{2, 2, 1, true}, Case{3, 4, 3, true}}) {
        const Outcome outcome = steps_from_prior(shape);
        for (std::size_t k = 0; k < outcome.differences.size(); ++k) {
            const test::MeanAndError difference = test::mean_and_error(outcome.differences[k]);
            EXPECT_NEAR(difference.mean, 0.0, 4.0 * difference.error)
                << shape.n << " x " << shape.inner << " x " << shape.m << ", statistic " << k;
        }
        EXPECT_LT(test::kolmogorov_smirnov(
                      outcome.variances,
                      [](double x) { return boost::math::gamma_q(prior_shape, prior_scale / x); }),
                  test::smirnov_limit);
    }
}

TEST(NormalProductGibbsOneRank, StartsAtTheGivenMatrix) {
    Matrix phi(3, 2);
    phi.values = {1.0, -2.0, 0.5, 3.0, 0.0, 1.0};
    for (const Index inner : {2, 5}) {
        NormalProductGibbs chain(3, 2, inner);
        chain.start(phi);
        chain.scale(4.0);
        Matrix formed(3, 2);
        chain.form(formed.data());
        for (std::size_t i = 0; i < phi.values.size(); ++i) {
            EXPECT_NEAR(formed.values[i], 4.0 * phi.values[i], 1e-13);
        }
    }
}

TEST(NormalProductGibbsOneRank, SaysWhenFactorsAreBeyondThePrecisionOfNumbers) {
    NormalProductGibbs chain(2, 2, 2);
    Matrix phi(2, 2);
    phi.values = {1e30, 1e30, 1e30, 1e30};
    chain.start(phi);
    RandomSequence random(1, 0, 0, 0);
    EXPECT_THROW(chain.advance(phi.data(), nullptr, 1e30, random), ConvergenceError);
}

}  // namespace
}  // namespace tessera
