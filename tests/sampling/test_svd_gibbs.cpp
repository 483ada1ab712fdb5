// SVD-Gibbs: does it leave exact draws of the prior alone, does it fulfil exact identities of its
// target, and does it move from spectra that are degenerate.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "distribution_checks.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/sampling/convergence.hpp"
#include "tessera/sampling/nuclear_norm_draws.hpp"
#include "tessera/sampling/svd_gibbs.hpp"

namespace tessera {
namespace {

Matrix with_noise(Matrix phi, RandomSequence& random) {
    for (double& value : phi.values) {
        value += random.normal();
    }
    return phi;
}

Matrix formed(const SvdGibbs& chain) {
    Matrix phi(chain.left().rows, chain.right().rows);
    chain.form(phi.data());
    return phi;
}

std::vector<double> statistics(const Matrix& x) {
    std::vector<double> result{std::abs(x(0, 0)), x(0, 0) * x(0, 0)};
    if (x.rows > 1) {
        const double minor = x(0, 0) * x(1, 1) - x(0, 1) * x(1, 0);
        result.push_back(x(0, 0) * x(1, 1));
        result.push_back(minor * minor);
    }
    std::vector<double> values = dense_singular_values(x);
    result.push_back(std::accumulate(values.begin(), values.end(), 0.0));
    result.insert(result.end(), values.begin(), values.end());
    return result;
}

/// Exact draws of the prior, data drawn given them, two steps given the data (drawn anew before
/// each): the paired differences of any statistic have the mean zero.
void expect_invariance(Index n, Index m, const SvdGibbsOptions& options) {
    constexpr double lambda = 2.0;
    constexpr int count = 6000;
    const SingularValueRejection prior(n, m);
    SvdGibbs chain(n, m, options);
    std::vector<std::vector<double>> differences;
    for (int i = -300; i < count; ++i) {  // the first ones to learn the step size
        RandomSequence random(3, 0, i + 300, 0);
        std::vector<double> values = prior.draw(random);
        for (double& value : values) {
            value /= lambda;
        }
        // The chain knows no order.
        for (std::size_t k = values.size(); k > 1; --k) {
            const auto other = static_cast<std::size_t>(random.uniform() * static_cast<double>(k));
            std::swap(values[k - 1], values[other]);
        }
        chain.start(haar_frame(random, n, n), values, haar_frame(random, m, n));
        const std::vector<double> before = statistics(formed(chain));
        for (int step = 0; step < 2; ++step) {
            const Matrix y = with_noise(formed(chain), random);
            chain.advance(y.data(), lambda, random, i < 0);
        }
        const std::vector<double> after = statistics(formed(chain));
        if (i >= 0) {
            differences.resize(after.size());
            for (std::size_t k = 0; k < after.size(); ++k) {
                differences[k].push_back(after[k] - before[k]);
            }
        }
    }
    for (std::size_t k = 0; k < differences.size(); ++k) {
        const test::MeanAndError difference = test::mean_and_error(differences[k]);
        EXPECT_NEAR(difference.mean, 0.0, 4.0 * difference.error)
            << n << " x " << m << ", statistic " << k;
    }
}

TEST(SvdGibbsOneRank, LeavesExactDrawsAlone) {
    for (const auto& [n, m] : {std::pair{1, 1}, {1, 3}, {2, 3}, {3, 3}, {3, 5}}) {
        expect_invariance(n, m, {});
    }
}

TEST(SvdGibbsOneRank, LeavesExactDrawsAloneWithLangevinSteps) {
    expect_invariance(3, 3, {.trajectories = 3, .trajectory_length = 0.0});
}

/// Of any target of this form, by the divergence theorem: the mean of y - X - lambda U V^T is zero,
/// and that of (y - X).X - lambda ||X||_* is -n m.
void expect_identities(const Matrix& y, double lambda, const Matrix& start, unsigned seed) {
    const Index n = y.rows;
    const Index m = y.columns;
    SvdGibbs chain(n, m);
    chain.start(start);
    Chains corner(1);
    Chains diagonal(1);
    Chains radial(1);
    for (int step = 0; step < 4400; ++step) {
        RandomSequence random(seed, 0, 0, static_cast<std::uint32_t>(step));
        chain.advance(y.data(), lambda, random, step < 400);
        if (step < 400) {
            continue;
        }
        const Matrix x = formed(chain);
        const Matrix polar =
            product(blas::Transpose::no, blas::Transpose::yes, chain.left(), chain.right());
        const auto gradient = [&](Index i, Index j) {
            return y(i, j) - x(i, j) - lambda * polar(i, j);
        };
        double along = static_cast<double>(n * m) - lambda * chain.nuclear_norm();
        double trace = 0.0;
        for (Index i = 0; i < n; ++i) {
            trace += gradient(i, i);
            for (Index j = 0; j < m; ++j) {
                along += (y(i, j) - x(i, j)) * x(i, j);
            }
        }
        corner[0].push_back(gradient(0, m - 1));
        diagonal[0].push_back(trace);
        radial[0].push_back(along);
    }
    for (const Chains* identity : {&corner, &diagonal, &radial}) {
        EXPECT_NEAR(test::mean_and_error((*identity)[0]).mean, 0.0,
                    4.0 * mean_standard_error(*identity))
            << n << " x " << m;
        EXPECT_GT(bulk_effective_size(*identity), 100.0);
    }
}

Matrix multiple_of_identity(Index n, Index m, double factor) {
    Matrix a(n, m);
    for (Index i = 0; i < n; ++i) {
        a(i, i) = factor;
    }
    return a;
}

TEST(SvdGibbsOneRank, FulfilsTheIdentitiesOfItsTarget) {
    RandomSequence random(4, 0, 0, 0);
    Matrix rank_one(6, 9);
    for (Index i = 0; i < 6; ++i) {
        for (Index j = 0; j < 9; ++j) {
            rank_one(i, j) = (1.0 + static_cast<double>(i)) * (4.0 - static_cast<double>(j));
        }
    }
    const Matrix y = with_noise(rank_one, random);
    expect_identities(y, 2.0, y, 5);
    const Matrix square = with_noise(multiple_of_identity(8, 8, 3.0), random);
    expect_identities(square, 1.5, square, 6);
}

TEST(SvdGibbsOneRank, MovesFromDegenerateSpectra) {
    // Data with all singular values equal, and none at all; starts with zero, equal and nearly
    // equal values.
    Matrix nearly = multiple_of_identity(6, 6, 4.0);
    nearly(2, 2) += 1e-13;
    for (const double data : {4.0, 0.0}) {
        const Matrix y = multiple_of_identity(6, 6, data);
        expect_identities(y, 1.0, Matrix(6, 6), 7);
        expect_identities(y, 1.0, multiple_of_identity(6, 6, 4.0), 8);
        expect_identities(y, 1.0, nearly, 9);
    }
    expect_identities(multiple_of_identity(4, 7, 2.0), 1.0, Matrix(4, 7), 10);
}

TEST(SvdGibbsOneRank, FindsAStrongSignalFromZero) {
    // Thousands of times the noise: after some steps the residual is of the noise's size.
    RandomSequence random(13, 0, 0, 0);
    Matrix signal(10, 12);
    for (Index i = 0; i < 10; ++i) {
        for (Index j = 0; j < 12; ++j) {
            const double first = std::sin(1.0 + static_cast<double>(i * j));
            signal(i, j) = 1000.0 * (first + static_cast<double>(i - j));
        }
    }
    const Matrix y = with_noise(signal, random);
    SvdGibbs chain(10, 12);
    for (std::uint32_t step = 0; step < 100; ++step) {
        RandomSequence draws(1, 0, 0, step);
        chain.advance(y.data(), 1.0, draws, true);
    }
    const Matrix phi = formed(chain);
    double residual = 0.0;
    for (std::size_t k = 0; k < phi.values.size(); ++k) {
        residual += std::pow(y.values[k] - phi.values[k], 2);
    }
    // Chi-squared of 120 entries, a little more by the pull of the norm.
    EXPECT_LT(residual, 250.0);
}

TEST(SvdGibbsOneRank, StaysOrthonormal) {
    RandomSequence random(11, 0, 0, 0);
    const Matrix y = with_noise(multiple_of_identity(5, 8, 50.0), random);
    SvdGibbs chain(5, 8);
    chain.start(y);
    for (int step = 0; step < 3000; ++step) {
        chain.advance(y.data(), 1.0, random, false);
    }
    for (const Matrix* q : {&chain.left(), &chain.right()}) {
        const Matrix gram = product(blas::Transpose::yes, blas::Transpose::no, *q, *q);
        for (Index i = 0; i < 5; ++i) {
            for (Index j = 0; j < 5; ++j) {
                EXPECT_NEAR(gram(i, j), i == j ? 1.0 : 0.0, 1e-14);
            }
        }
    }
}

TEST(SvdGibbsOneRank, GoesOnFromItsState) {
    RandomSequence random(12, 0, 0, 0);
    const Matrix y = with_noise(multiple_of_identity(4, 6, 5.0), random);
    SvdGibbs chain(4, 6);
    chain.start(y);
    for (std::uint32_t step = 0; step < 5; ++step) {
        RandomSequence draws(1, 0, 0, step);
        chain.advance(y.data(), 1.0, draws, true);
    }
    SvdGibbs other(4, 6);
    other.restore(chain.state());
    for (std::uint32_t step = 5; step < 8; ++step) {
        RandomSequence draws(1, 0, 0, step);
        RandomSequence same(1, 0, 0, step);
        chain.advance(y.data(), 1.0, draws, true);
        other.advance(y.data(), 1.0, same, true);
    }
    EXPECT_EQ(chain.state(), other.state());
}

}  // namespace
}  // namespace tessera
