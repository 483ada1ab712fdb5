// Effective samples per step and per CPU second of SVD-Gibbs and normal-product Gibbs on the
// synthetic matrices of arXiv 2510.05447, figure 5 (one signal of rank one in noise, lambda fixed),
// and what the distribution's constant costs.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/linalg/dense_svd.hpp"
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

/// The traces of 24 entries and of the nuclear norm, and what they say of the chain.
class Traces {
  public:
    void add(const Matrix& phi, double norm) {
        for (std::size_t k = 0; k < entries; ++k) {
            entries_[k][0].push_back(phi.values[k * phi.values.size() / entries]);
        }
        norms_[0].push_back(norm);
    }

    void report(benchmark::State& state) const {
        std::vector<double> sizes;
        for (const Chains& trace : entries_) {
            sizes.push_back(bulk_effective_size(trace));
        }
        std::sort(sizes.begin(), sizes.end());
        const auto steps = static_cast<double>(state.iterations());
        const double norm = bulk_effective_size(norms_);
        state.counters["ess_median_per_step"] = sizes[entries / 2] / steps;
        state.counters["ess_least_per_step"] = sizes.front() / steps;
        state.counters["ess_norm_per_step"] = norm / steps;
        state.counters["ess_median_per_s"] =
            benchmark::Counter(sizes[entries / 2], benchmark::Counter::kIsRate);
        state.counters["ess_norm_per_s"] = benchmark::Counter(norm, benchmark::Counter::kIsRate);
    }

  private:
    static constexpr std::size_t entries = 24;
    std::vector<Chains> entries_ = std::vector<Chains>(entries, Chains(1));
    Chains norms_ = Chains(1);
};

/// A tenth as many steps before those that are timed. `advance(random, warm_up)` makes one,
/// `norm(phi)` is not timed.
template <typename Chain, typename Advance, typename Norm>
void time_chain(benchmark::State& state, Chain& chain, const Matrix& y, const Advance& advance,
                const Norm& norm) {
    chain.start(y);
    std::uint32_t step = 0;
    const auto warm_up = static_cast<std::uint32_t>(std::max<Index>(50, state.max_iterations / 10));
    const auto make_step = [&] {
        RandomSequence random(2, 0, 0, step);
        advance(random, step < warm_up);
        ++step;
    };
    while (step < warm_up) {
        make_step();
    }
    Traces traces;
    Matrix phi(y.rows, y.columns);
    for (auto unused : state) {
        make_step();
        chain.form(phi.data());
        state.PauseTiming();
        traces.add(phi, norm(phi));
        state.ResumeTiming();
    }
    traces.report(state);
}

/// With the given moves of the singular values.
void time_svd_gibbs(benchmark::State& state, const SvdGibbsOptions& options) {
    const Index n = state.range(0);
    const Index m = state.range(1);
    const Matrix y = noisy_rank_one(n, m);
    const double lambda = std::sqrt(static_cast<double>(m));
    SvdGibbs chain(n, m, options);
    double acceptance = 0.0;
    time_chain(
        state, chain, y,
        [&](RandomSequence& random, bool warm_up) {
            const double accepted = chain.advance(y.data(), lambda, random, warm_up);
            acceptance += warm_up ? 0.0 : accepted;
        },
        [&](const Matrix&) { return chain.nuclear_norm(); });
    state.counters["acceptance"] = acceptance / static_cast<double>(state.iterations());
}

void svd_gibbs(benchmark::State& state) { time_svd_gibbs(state, {}); }
BENCHMARK(svd_gibbs)
    ->ArgNames({"n", "m"})
    ->Args({10, 20})
    ->Args({30, 30})
    ->Args({30, 40})
    ->Args({25, 75})
    ->Args({60, 60})
    ->Args({100, 100})
    ->Iterations(10'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(svd_gibbs)
    ->ArgNames({"n", "m"})
    ->Args({20, 1000})
    ->Iterations(1000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(svd_gibbs)
    ->ArgNames({"n", "m"})
    ->Args({500, 500})
    ->Iterations(1000)
    ->Unit(benchmark::kMillisecond);

/// The values as arXiv 2510.05447 moves them: one Metropolis-adjusted Langevin step.
void svd_langevin(benchmark::State& state) {
    time_svd_gibbs(state, {.trajectories = 1, .trajectory_length = 0.0});
}
BENCHMARK(svd_langevin)
    ->ArgNames({"n", "m"})
    ->Args({10, 20})
    ->Args({30, 30})
    ->Args({30, 40})
    ->Args({25, 75})
    ->Iterations(10'000)
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
    time_chain(
        state, chain, y,
        [&](RandomSequence& random, bool) {
            chain.advance(y.data(), state.range(2) == 1 ? mask.data() : nullptr, variance, random);
        },
        [](const Matrix& phi) {
            const std::vector<double> values = dense_singular_values(phi);
            return std::accumulate(values.begin(), values.end(), 0.0);
        });
}
BENCHMARK(normal_product_gibbs)
    ->ArgNames({"n", "m", "masked"})
    ->Args({10, 20, 0})
    ->Args({30, 30, 0})
    ->Args({30, 40, 0})
    ->Args({25, 75, 0})
    ->Args({60, 60, 0})
    ->Args({100, 100, 0})
    ->Iterations(10'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(normal_product_gibbs)
    ->ArgNames({"n", "m", "masked"})
    ->Args({30, 30, 1})
    ->Iterations(1000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(normal_product_gibbs)
    ->ArgNames({"n", "m", "masked"})
    ->Args({500, 500, 0})
    ->Iterations(1000)
    ->Unit(benchmark::kMillisecond);

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
