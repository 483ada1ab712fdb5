// Effective samples per second of SVD-Gibbs and normal-product Gibbs on the synthetic matrices of
// arXiv 2510.05447, figure 5 (one signal of rank one in noise, lambda fixed), and what the
// distribution's constant costs.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/sampling/convergence.hpp"
#include "tessera/sampling/normal_product_gibbs.hpp"
#include "tessera/sampling/nuclear_norm_constant.hpp"
#include "tessera/sampling/nuclear_norm_distribution.hpp"
#include "tessera/sampling/svd_gibbs.hpp"

namespace {

using namespace tessera;

/// A product of normal vectors in noise of a tenth of it, in units of the noise.
Matrix noisy_rank_one(Index n, Index m) {
    RandomSequence random(1, 0, 0, 0);
    std::vector<double> left(static_cast<std::size_t>(n));
    std::vector<double> right(static_cast<std::size_t>(m));
    for (auto* vector : {&left, &right}) {
        for (double& value : *vector) {
            value = random.normal();
        }
    }
    Matrix y(n, m);
    for (Index j = 0; j < m; ++j) {
        for (Index i = 0; i < n; ++i) {
            y(i, j) =
                10.0 * left[static_cast<std::size_t>(i)] * right[static_cast<std::size_t>(j)] +
                random.normal();
        }
    }
    return y;
}

/// The traces of 24 entries and of the sum of squares, and what they say of the chain.
class Traces {
  public:
    void add(const Matrix& phi) {
        for (std::size_t k = 0; k < entries; ++k) {
            entries_[k][0].push_back(phi.values[k * phi.values.size() / entries]);
        }
        squares_[0].push_back(
            std::inner_product(phi.values.begin(), phi.values.end(), phi.values.begin(), 0.0));
    }

    void report(benchmark::State& state) const {
        std::vector<double> sizes;
        for (const Chains& trace : entries_) {
            sizes.push_back(bulk_effective_size(trace));
        }
        std::sort(sizes.begin(), sizes.end());
        const auto steps = static_cast<double>(state.iterations());
        state.counters["ess_median_per_step"] = sizes[entries / 2] / steps;
        state.counters["ess_least_per_step"] = sizes.front() / steps;
        state.counters["ess_squares_per_step"] = bulk_effective_size(squares_) / steps;
        state.counters["ess_median_per_s"] =
            benchmark::Counter(sizes[entries / 2], benchmark::Counter::kIsRate);
    }

  private:
    static constexpr std::size_t entries = 24;
    std::vector<Chains> entries_ = std::vector<Chains>(entries, Chains(1));
    Chains squares_ = Chains(1);
};

constexpr std::uint32_t warm_up_steps = 500;

void svd_gibbs(benchmark::State& state) {
    const Index n = state.range(0);
    const Index m = state.range(1);
    const Matrix y = noisy_rank_one(n, m);
    const double lambda = std::sqrt(static_cast<double>(m));
    SvdGibbs chain(n, m);
    chain.start(y);
    std::uint32_t step = 0;
    const auto advance = [&] {
        RandomSequence random(2, 0, 0, step);
        chain.advance(y.data(), lambda, random, step < warm_up_steps);
        ++step;
    };
    while (step < warm_up_steps) {
        advance();
    }
    Traces traces;
    Matrix phi(n, m);
    for (auto unused : state) {
        advance();
        chain.form(phi.data());
        traces.add(phi);
    }
    traces.report(state);
}
BENCHMARK(svd_gibbs)
    ->ArgNames({"n", "m"})
    ->Args({10, 20})
    ->Args({30, 30})
    ->Args({30, 40})
    ->Args({25, 75})
    ->Args({20, 1000})
    ->Iterations(4000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(svd_gibbs)
    ->ArgNames({"n", "m"})
    ->Args({60, 60})
    ->Args({100, 100})
    ->Iterations(1000)
    ->Unit(benchmark::kMicrosecond);

/// Half of the entries observed where the last argument is one.
void normal_product_gibbs(benchmark::State& state) {
    const Index n = state.range(0);
    const Index m = state.range(1);
    const Matrix y = noisy_rank_one(n, m);
    std::vector<std::uint8_t> mask(y.values.size());
    RandomSequence choice(3, 0, 0, 0);
    for (auto& flag : mask) {
        flag = choice.uniform() < 0.5 ? 1 : 0;
    }
    const double variance = normal_product_variance(n, m, m, std::sqrt(static_cast<double>(m)));
    NormalProductGibbs chain(n, m, m);
    chain.start(y);
    std::uint32_t step = 0;
    const auto advance = [&] {
        RandomSequence random(2, 0, 0, step++);
        chain.advance(y.data(), state.range(2) == 1 ? mask.data() : nullptr, variance, random);
    };
    while (step < warm_up_steps) {
        advance();
    }
    Traces traces;
    Matrix phi(n, m);
    for (auto unused : state) {
        advance();
        chain.form(phi.data());
        traces.add(phi);
    }
    traces.report(state);
}
BENCHMARK(normal_product_gibbs)
    ->ArgNames({"n", "m", "masked"})
    ->Args({10, 20, 0})
    ->Args({30, 30, 0})
    ->Args({30, 30, 1})
    ->Args({100, 100, 0})
    ->Iterations(1000)
    ->Unit(benchmark::kMicrosecond);

void log_constant(benchmark::State& state) {
    for (auto unused : state) {
        benchmark::DoNotOptimize(log_nuclear_norm_constant(state.range(0), state.range(1)));
    }
}
BENCHMARK(log_constant)
    ->ArgNames({"n", "m"})
    ->Args({30, 30})
    ->Args({100, 100})
    ->Args({300, 300})
    ->Args({200, 1'000'000})
    ->Args({1000, 1000})
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
