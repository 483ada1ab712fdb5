// Laws of the nuclear norm distribution against closed forms and against draws.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "distribution_checks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/sampling/nuclear_norm_constant.hpp"
#include "tessera/sampling/nuclear_norm_distribution.hpp"
#include "tessera/sampling/nuclear_norm_draws.hpp"
#include "tessera/sampling/variates.hpp"

namespace tessera {
namespace {

double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

/// `count` draws of the singular values, by rejection where `exact`.
std::vector<std::vector<double>> value_draws(int count, unsigned seed, Index n, Index m, bool exact,
                                             int trajectories = 100) {
    const SingularValueRejection rejection(exact ? n : 1, exact ? m : 1);
    std::vector<std::vector<double>> draws;
    for (int i = 0; i < count; ++i) {
        RandomSequence random(seed, 0, i, 0);
        draws.push_back(exact ? rejection.draw(random)
                              : chain_singular_values(random, n, m, trajectories));
    }
    return draws;
}

/// s_k / ||X||_* of each draw.
std::vector<double> shares(const std::vector<std::vector<double>>& draws, std::size_t k) {
    std::vector<double> result;
    for (const auto& draw : draws) {
        result.push_back(draw[k] / sum(draw));
    }
    return result;
}

TEST(HaarFrameOneRank, IsOrthonormalAndUniform) {
    // One coordinate of a uniform point of the sphere in three dimensions is uniform (Archimedes).
    std::vector<double> first;
    std::vector<double> last;
    for (int i = 0; i < 10'000; ++i) {
        RandomSequence random(1, 0, i, 0);
        const Matrix q = haar_frame(random, 3, 3);
        first.push_back(0.5 + 0.5 * q(0, 0));
        last.push_back(0.5 + 0.5 * q(1, 2));
        const Matrix gram = product(blas::Transpose::yes, blas::Transpose::no, q, q);
        ASSERT_NEAR(gram(0, 0), 1.0, 1e-14);
        ASSERT_NEAR(gram(0, 2), 0.0, 1e-14);
    }
    EXPECT_LT(test::kolmogorov_smirnov(first, [](double x) { return x; }), test::smirnov_limit);
    EXPECT_LT(test::kolmogorov_smirnov(last, [](double x) { return x; }), test::smirnov_limit);
}

TEST(SingularValueDrawsOneRank, TwoValuesHaveTheirLaw) {
    // With q = s_1 / (s_1 + s_2) the law is (q (1 - q))^(m-2) (2 q - 1): 1 - (4 q (1-q))^(m-1).
    for (const Index m : {2, 5}) {
        const auto law = [m](double q) {
            return 1.0 - std::pow(4.0 * q * (1.0 - q), static_cast<double>(m - 1));
        };
        for (const bool exact : {true, false}) {
            EXPECT_LT(test::kolmogorov_smirnov(shares(value_draws(2500, 2, 2, m, exact), 0), law),
                      test::smirnov_limit)
                << "m " << m << ", exact " << exact;
        }
    }
}

TEST(SingularValueDrawsOneRank, TheTwoSamplersAgree) {
    for (const auto& [n, m] : {std::pair{3, 3}, {4, 6}, {5, 5}}) {
        const auto exact = value_draws(2000, 3, n, m, true);
        const auto chain = value_draws(2000, 4, n, m, false);
        for (const Index k : {Index{0}, Index{1}, Index{n - 1}}) {
            const auto at = static_cast<std::size_t>(k);
            EXPECT_LT(test::kolmogorov_smirnov(shares(exact, at), shares(chain, at)),
                      test::smirnov_limit)
                << n << " x " << m << ", value " << k;
        }
    }
}

TEST(SingularValueDrawsOneRank, AChainFindsTheGammaLawOfTheNormByItself) {
    for (const auto& [n, m] : {std::pair{3, 4}, {12, 12}, {20, 50}}) {
        std::vector<double> norms;
        for (int i = 0; i < 300; ++i) {
            RandomSequence random(5, 0, i, 0);
            SingularValueChain chain(n, m, random);
            for (int t = 0; t < 160; ++t) {
                chain.advance(random, t < 80);
            }
            norms.push_back(sum(chain.singular_values()));
        }
        const Index rows = n;
        const Index columns = m;
        EXPECT_LT(
            test::kolmogorov_smirnov(
                norms, [=](double x) { return nuclear_norm_probability(rows, columns, 1.0, x); }),
            test::smirnov_limit)
            << n << " x " << m;
    }
}

TEST(SingularValueDrawsOneRank, RejectionAcceptsAsOftenAsTheConstantSays) {
    // The mean of the acceptance probability over proposals, which are made here from a matrix of
    // normal numbers.
    constexpr Index n = 4;
    constexpr Index m = 5;
    std::vector<double> probabilities;
    for (int i = 0; i < 20'000; ++i) {
        RandomSequence random(6, 0, i, 0);
        Matrix wishart_root(n, 2 * m - n + 1);
        for (double& value : wishart_root.values) {
            value = random.normal();
        }
        const std::vector<double> roots = dense_singular_values(wishart_root);
        double mean = 0.0;
        for (const double root : roots) {
            mean += root * root / n;
        }
        double ratio = 1.0;
        for (std::size_t j = 0; j < roots.size(); ++j) {
            for (std::size_t k = 0; k < j; ++k) {
                ratio *= (roots[j] * roots[j] + roots[k] * roots[k]) / (2.0 * mean);
            }
        }
        probabilities.push_back(ratio);
    }
    const test::MeanAndError measured = test::mean_and_error(probabilities);
    EXPECT_NEAR(measured.mean, std::exp(log_rejection_acceptance(n, m)), 4.0 * measured.error);
}

TEST(SingularValueDrawsOneRank, RefusesWhatWouldRejectForEver) {
    EXPECT_THROW(SingularValueRejection(30, 30), UsageError);
}

TEST(MatrixOfSingularValuesOneRank, HasThem) {
    RandomSequence random(7, 0, 0, 0);
    const Matrix x = matrix_of_singular_values(random, 6, {5.0, 2.0, 0.5});
    EXPECT_EQ(x.rows, 3);
    EXPECT_EQ(x.columns, 6);
    const std::vector<double> values = dense_singular_values(x);
    EXPECT_NEAR(values[0], 5.0, 1e-13);
    EXPECT_NEAR(values[1], 2.0, 1e-13);
    EXPECT_NEAR(values[2], 0.5, 1e-13);
}

TEST(SingularValueDensityOneRank, IsNormalised) {
    EXPECT_NEAR(log_singular_value_density(1, 1, 2.0, {0.3}), std::log(2.0) - 0.6, 1e-12);
    // Two values of a 2 x 2 matrix: integral of (s^2 - t^2) exp(-s - t) over s > t is 3/2.
    EXPECT_NEAR(log_singular_value_density(2, 2, 1.0, {1.5, 0.5}), std::log(2.0 / 1.5) - 2.0,
                1e-12);
    // Rate: s is s(1) / lambda.
    EXPECT_NEAR(log_singular_value_density(4, 3, 2.0, {1.5, 0.5, 0.2}),
                log_singular_value_density(3, 4, 1.0, {3.0, 1.0, 0.4}) + 3.0 * std::log(2.0),
                1e-12);
}

TEST(FitPenaltyOneRank, FindsThePenaltyWithinItsError) {
    std::vector<double> scores;
    for (int i = 0; i < 2000; ++i) {
        RandomSequence random(8, 0, i, 0);
        const PenaltyFit fit = fit_penalty(2500.0, gamma_variate(random, 2500.0) / 3.0);
        scores.push_back((fit.lambda - 3.0) / fit.standard_error);
    }
    const test::MeanAndError score = test::mean_and_error(scores);
    EXPECT_NEAR(score.mean, 0.0, 4.0 * score.error);
    EXPECT_NEAR(score.error * std::sqrt(2000.0), 1.0, 4.0 / std::sqrt(2.0 * 2000.0));
    EXPECT_THROW((void)fit_penalty(10.0, 0.0), UsageError);
}

TEST(LimitingLawOneRank, IsThatOfLargeSquareMatrices) {
    // Its density, by differences.
    for (const double x : {0.1, 1.0, 3.0}) {
        const double density = (limiting_singular_value_probability(x + 1e-5) -
                                limiting_singular_value_probability(x - 1e-5)) /
                               2e-5;
        EXPECT_NEAR(density, 2.0 / std::pow(std::numbers::pi, 2) * std::acosh(std::numbers::pi / x),
                    1e-8);
    }
    EXPECT_NEAR(limiting_singular_value_probability(std::numbers::pi), 1.0, 1e-14);
    const auto distance = [](Index n, int count) {
        std::vector<double> pooled;
        for (const auto& draw : value_draws(count, 9, n, n, false, 60)) {
            for (const double s : draw) {
                pooled.push_back(s / static_cast<double>(n));
            }
        }
        return test::kolmogorov_smirnov(pooled, limiting_singular_value_probability) /
               std::sqrt(static_cast<double>(pooled.size()));
    };
    const double at_5 = distance(5, 600);
    const double at_40 = distance(40, 60);
    EXPECT_LT(at_40, 0.5 * at_5);
    EXPECT_LT(at_40, 0.03);
}

/// Singular values of the normal product that stands for lambda = 1, draw after draw.
std::vector<std::vector<double>> normal_product_values(int count, unsigned seed, Index n, Index m,
                                                       Index inner) {
    const double variance = normal_product_variance(n, m, inner, 1.0);
    std::vector<std::vector<double>> draws;
    for (int i = 0; i < count; ++i) {
        RandomSequence random(seed, 0, i, 0);
        Matrix a(n, inner);
        Matrix b(inner, m);
        for (Matrix* factor : {&a, &b}) {
            for (double& value : factor->values) {
                value = std::sqrt(variance) * random.normal();
            }
        }
        draws.push_back(
            dense_singular_values(product(blas::Transpose::no, blas::Transpose::no, a, b)));
    }
    return draws;
}

TEST(NormalProductOneRank, HasTheMeanNormOfTheDistribution) {
    EXPECT_NEAR(normal_product_variance(30, 30, 30, 1.0), 4.0 / 3.0, 1e-9);
    EXPECT_EQ(normal_product_variance(7, 20, 9, 2.0), normal_product_variance(20, 7, 9, 2.0));
    // As m grows B B^T becomes a multiple of the identity, and A's norm follows the quarter circle.
    EXPECT_NEAR(normal_product_variance(1, 1'000'000, 1, 2.0) / 1000.0,
                3.0 * std::numbers::pi / 8.0 / 2.0, 1e-5);
    EXPECT_THROW((void)normal_product_variance(4, 8, 3, 1.0), UsageError);
    struct Shape {
        Index n;
        Index m;
        Index inner;
    };
    for (const Shape& shape :
         {Shape{24, 24, 24}, Shape{24, 72, 24}, Shape{24, 48, 48}, Shape{20, 30, 50}}) {
        std::vector<double> norms;
        for (const auto& draw : normal_product_values(60, 10, shape.n, shape.m, shape.inner)) {
            norms.push_back(sum(draw) / static_cast<double>(shape.n * shape.m));
        }
        // What is left at finite sizes is of the order 1/n.
        const test::MeanAndError mean = test::mean_and_error(norms);
        EXPECT_NEAR(mean.mean, 1.0, 4.0 * mean.error + 0.5 / static_cast<double>(shape.n))
            << shape.n << " x " << shape.inner << " x " << shape.m;
        EXPECT_LT(mean.error, 0.01);
    }
}

TEST(NormalProductOneRank, IsCloseOfLongMatricesWithTheLongSideInside) {
    // Values pooled over draws, which are no independent sample: only the distances are compared.
    const auto pooled = [](const std::vector<std::vector<double>>& draws) {
        std::vector<double> all;
        for (const auto& draw : draws) {
            all.insert(all.end(), draw.begin(), draw.end());
        }
        return all;
    };
    const auto exact = pooled(value_draws(1000, 11, 5, 15, true));
    const auto distance = [&](Index inner) {
        const auto product_values = pooled(normal_product_values(1000, 12, 5, 15, inner));
        return test::kolmogorov_smirnov(exact, product_values) / std::sqrt(0.5 * 5000.0);
    };
    EXPECT_LT(distance(15), 0.05);
    EXPECT_GT(distance(5), 0.15);
}

}  // namespace
}  // namespace tessera
