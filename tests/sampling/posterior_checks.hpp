#pragma once

// Kernels against the posterior that they are to leave invariant: means by importance sampling, and
// over many independent chains, so that errors are known without any estimate of autocorrelation.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tessera/linalg/batched.hpp"
#include "tessera/sampling/matrix_kernel.hpp"

namespace tessera::test_sampling {

struct Moments {
    std::vector<double> means;   ///< of each functional
    std::vector<double> errors;  ///< their standard errors
};

/// Every entry, the norm, the square of the first entry.
inline std::vector<double> functionals(const double* phi, Index entries, double norm) {
    std::vector<double> values(phi, phi + entries);
    values.push_back(norm);
    values.push_back(phi[0] * phi[0]);
    return values;
}

/// Independent draws of small matrices (rows >= columns), and for each the logarithm of likelihood
/// over the density that it was drawn from.
struct Proposals {
    Index rows;
    Index columns;
    DeviceView<double> matrices;
    std::vector<double> log_weight;
};

/// Means under the density likelihood times exp(-lambda sum_i weights_i s_i), as ratios of means.
inline Moments importance_sampling(const Proposals& drawn, double lambda,
                                   const std::vector<double>& weights) {
    const auto draws = static_cast<Index>(drawn.log_weight.size());
    const Index entries = drawn.rows * drawn.columns;
    const DeviceView<double> s = allocate<double>("s", draws * drawn.columns);
    // The decomposition overwrites what it is given.
    const DeviceView<double> a = allocate<double>("a", draws * entries);
    Kokkos::deep_copy(a, drawn.matrices);
    batched_svd<double>({draws, drawn.columns, drawn.rows}, a, s, {}, {});
    const std::size_t count = functionals(drawn.matrices.data(), entries, 0.0).size();
    std::vector<double> sums(count, 0.0);
    std::vector<double> squares(count, 0.0);
    std::vector<double> products(count, 0.0);
    double total = 0.0;
    double total_squares = 0.0;
    for (Index draw = 0; draw < draws; ++draw) {
        double norm = 0.0;
        for (Index k = 0; k < drawn.columns; ++k) {
            norm += weights[static_cast<std::size_t>(k)] * s(draw * drawn.columns + k);
        }
        const double weight =
            std::exp(drawn.log_weight[static_cast<std::size_t>(draw)] - lambda * norm);
        const std::vector<double> f =
            functionals(drawn.matrices.data() + draw * entries, entries, norm);
        total += weight;
        total_squares += weight * weight;
        for (std::size_t k = 0; k < count; ++k) {
            sums[k] += weight * f[k];
            squares[k] += weight * weight * f[k] * f[k];
            products[k] += weight * weight * f[k];
        }
    }
    Moments moments;
    for (std::size_t k = 0; k < count; ++k) {
        const double mean = sums[k] / total;
        moments.means.push_back(mean);
        moments.errors.push_back(
            std::sqrt(squares[k] - 2.0 * mean * products[k] + mean * mean * total_squares) / total);
    }
    return moments;
}

/// Means over independent chains, and their errors from the spread between chains.
inline Moments sample(MatrixKernelKind kind, MatrixChains& chains, Index warm_up = 100,
                      Index draws = 200) {
    const MatrixBatch& batch = chains.batch;
    const Index entries = batch.entries();
    const auto chain_count = static_cast<double>(batch.count);
    const auto kernel = make_matrix_kernel(kind, batch, 5);
    const std::size_t count = functionals(chains.phi.data(), entries, 0.0).size();
    std::vector<std::vector<double>> sums(
        count, std::vector<double>(static_cast<std::size_t>(batch.count)));
    for (Index step = 0; step < warm_up + draws; ++step) {
        kernel->advance(chains, step, step < warm_up);
        if (step < warm_up) {
            continue;
        }
        for (Index chain = 0; chain < batch.count; ++chain) {
            const std::vector<double> f = functionals(chains.phi.data() + chain * entries, entries,
                                                      chains.spectrum.norm(chain, chains.weights));
            for (std::size_t k = 0; k < count; ++k) {
                sums[k][static_cast<std::size_t>(chain)] += f[k] / static_cast<double>(draws);
            }
        }
    }
    Moments moments;
    for (const std::vector<double>& means : sums) {
        double mean = 0.0;
        double square = 0.0;
        for (const double value : means) {
            mean += value / chain_count;
            square += value * value / chain_count;
        }
        moments.means.push_back(mean);
        moments.errors.push_back(std::sqrt((square - mean * mean) / (chain_count - 1.0)));
    }
    return moments;
}

inline void expect_same_means(const Moments& found, const Moments& expected) {
    for (std::size_t k = 0; k < expected.means.size(); ++k) {
        const double error = std::hypot(expected.errors[k], found.errors[k]);
        // Eight functionals: 4.5 standard errors are passed by chance once in 2 * 10^4 tests.
        EXPECT_NEAR(found.means[k], expected.means[k], 4.5 * error) << "functional " << k;
        // So that the test would see a bias of about a tenth of the functional's size or spread.
        EXPECT_LT(error, 0.03 + 0.02 * std::abs(expected.means[k])) << "functional " << k;
    }
}

}  // namespace tessera::test_sampling
