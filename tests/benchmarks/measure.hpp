#pragma once

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "tessera/linalg/blas.hpp"

/// Measuring on a machine that others use too: a candidate and the machine's own figure are run in
/// turn, the best of several runs counts, and CPU time stands beside wall time. With one thread the
/// CPU time is what a quiet machine would take, so rates use it.
namespace tessera::benchmark {

struct Times {
    double wall_seconds = 1e300;
    double cpu_seconds = 1e300;  ///< of all threads together
};

inline double clock_seconds(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Runs `work` once and keeps its times where they are better than `best`.
inline void run_once(const std::function<void()>& work, Times& best) {
    const double wall = clock_seconds(CLOCK_MONOTONIC);
    const double cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    work();
    best.cpu_seconds = std::min(best.cpu_seconds, clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    best.wall_seconds = std::min(best.wall_seconds, clock_seconds(CLOCK_MONOTONIC) - wall);
}

/// Best times of both after one unmeasured and `repetitions` measured runs in turn.
inline std::pair<Times, Times> run_in_turn(const std::function<void()>& work,
                                           const std::function<void()>& reference,
                                           int repetitions) {
    Times unused;
    run_once(work, unused);
    run_once(reference, unused);
    std::pair<Times, Times> best;
    for (int i = 0; i < repetitions; ++i) {
        run_once(work, best.first);
        run_once(reference, best.second);
    }
    return best;
}

/// The machine's matrix product, 1200^3, in T: what GF/s figures are compared with.
template <typename T>
class GemmReference {
  public:
    void operator()() {
        blas::gemm<T>(blas::Transpose::no, blas::Transpose::no, size, size, size, T{1}, a_.data(),
                      size, b_.data(), size, T{0}, c_.data(), size);
    }
    static constexpr double flops = 2.0 * 1200 * 1200 * 1200;

  private:
    static constexpr Index size = 1200;
    std::vector<T> a_ = std::vector<T>(size * size, T{1});
    std::vector<T> b_ = std::vector<T>(size * size, T{2});
    std::vector<T> c_ = std::vector<T>(size * size);
};

/// One line: what ran, seconds, GF/s, share of the machine's own matrix product in the same run.
/// Rates are by CPU time for one thread and by wall time for several.
template <typename T>
void report(const std::string& name, double flops, int threads, int repetitions,
            const std::function<void()>& work) {
    static GemmReference<T> gemm;
    const auto [own, reference] = run_in_turn(
        work, [] { gemm(); }, repetitions);
    const auto rate = [&](double work_flops, const Times& times) {
        return 1e-9 * work_flops / (threads == 1 ? times.cpu_seconds : times.wall_seconds);
    };
    const double own_rate = rate(flops, own);
    const double gemm_rate = rate(GemmReference<T>::flops, reference);
    std::printf("%-44s wall %8.4f s  CPU %8.4f s  %7.1f GF/s  %5.1f %% of %s's %.1f\n",
                name.c_str(), own.wall_seconds, own.cpu_seconds, own_rate,
                100.0 * own_rate / gemm_rate, sizeof(T) == 8 ? "DGEMM" : "SGEMM", gemm_rate);
    std::fflush(stdout);
}

}  // namespace tessera::benchmark
