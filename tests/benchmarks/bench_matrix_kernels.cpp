// Effective samples per CPU second of the kernels on batches of matrices, fixed lambda, one signal
// of rank one in noise (arXiv 2510.05447, figure 5), and one proximal step of a large matrix
// against its floor.
//
//     bench_matrix_kernels                             squares, alone and eight together
//     bench_matrix_kernels figure5                     the paper's sizes, 10,000 steps after 1,000
//     bench_matrix_kernels batch COUNT ROWS COLUMNS WARM_UP STEPS
//     bench_matrix_kernels large ROWS COLUMNS          a proximal step
//     bench_matrix_kernels flow ROWS COLUMNS WARM_UP   the parts of a trajectory

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/linalg/tall_qr.hpp"
#include "tessera/parallel/runtime.hpp"
#include "tessera/sampling/convergence.hpp"
#include "tessera/sampling/harmonic_flow.hpp"
#include "tessera/sampling/matrix_kernel.hpp"

namespace {

using namespace tessera;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// `count` chains on one measurement, lambda = sqrt(rows), that start at the measurement.
MatrixChains make_chains(Index count, Index rows, Index columns) {
    const MatrixBatch batch{Communicator::world(), 0, count, rows, columns, {0, rows}};
    MatrixObservations measured;
    measured.values = allocate<double>("measurement", batch.entries());
    measured.of_matrix = allocate<Index>("of matrix", count);
    Kokkos::deep_copy(measured.of_matrix, Index{0});
    const DeviceView<double> y = measured.values;
    const Random random(1, 1);
    Kokkos::parallel_for(
        "measurement", Kokkos::RangePolicy<>(0, batch.entries()), KOKKOS_LAMBDA(Index entry) {
            y(entry) =
                10.0 * random.normal(entry / columns, 1) * random.normal(entry % columns, 2) +
                random.normal(entry, 3);
        });
    MatrixChains chains(batch, measured);
    const DeviceView<double> phi = chains.phi;
    const Index entries = batch.entries();
    Kokkos::parallel_for(
        "start", Kokkos::RangePolicy<>(0, batch.local_size()),
        KOKKOS_LAMBDA(Index entry) { phi(entry) = y(entry % entries); });
    std::fill(chains.lambda.begin(), chains.lambda.end(), std::sqrt(static_cast<double>(rows)));
    chains.refresh_spectrum();
    return chains;
}

constexpr Index traced_entries = 24;

/// Traces of one chain: entries, then the nuclear norm.
using ChainTraces = std::vector<std::vector<double>>;

void trace(const MatrixChains& chains, Index chain, ChainTraces& traces) {
    const Index rows = chains.batch.rows;
    const Index columns = chains.batch.columns;
    const auto phi = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), chains.phi);
    for (Index entry = 0; entry < traced_entries; ++entry) {
        const Index row = entry * rows / traced_entries;
        traces[static_cast<std::size_t>(entry)].push_back(
            phi((chain * rows + row) * columns + entry * 7 % columns));
    }
    traces.back().push_back(chains.spectrum.norm(chain, chains.weights));
}

/// Bulk effective sizes of each chain alone, summed over the chains: different chains are different
/// matrices to a user.
struct EffectiveSizes {
    double median = 0.0;  ///< over the entries
    double least = 0.0;
    double norm = 0.0;
};

EffectiveSizes effective_sizes(const std::vector<ChainTraces>& traces) {
    EffectiveSizes total;
    for (const ChainTraces& chain : traces) {
        std::vector<double> sizes;
        for (Index entry = 0; entry < traced_entries; ++entry) {
            sizes.push_back(bulk_effective_size({chain[static_cast<std::size_t>(entry)]}));
        }
        std::sort(sizes.begin(), sizes.end());
        total.median += sizes[sizes.size() / 2];
        total.least += sizes.front();
        total.norm += bulk_effective_size({chain.back()});
    }
    return total;
}

struct Plan {
    Index count;  ///< chains
    Index rows;
    Index columns;
    Index warm_up;
    Index steps;
};

void bench(const char* name, MatrixKernelKind kind, const Plan& plan) {
    MatrixChains chains = make_chains(plan.count, plan.rows, plan.columns);
    const auto kernel = make_matrix_kernel(kind, chains.batch, 2);
    for (Index step = 0; step < plan.warm_up; ++step) {
        kernel->advance(chains, step, true);
    }
    std::vector<ChainTraces> traces(static_cast<std::size_t>(plan.count),
                                    ChainTraces(traced_entries + 1));
    double acceptance = 0.0;
    double seconds = 0.0;
    for (Index step = plan.warm_up; step < plan.warm_up + plan.steps; ++step) {
        const double before = cpu_seconds();
        kernel->advance(chains, step, false);
        seconds += cpu_seconds() - before;
        for (Index chain = 0; chain < plan.count; ++chain) {
            trace(chains, chain, traces[static_cast<std::size_t>(chain)]);
            acceptance += kernel->acceptance()[static_cast<std::size_t>(chain)];
        }
    }
    const EffectiveSizes sizes = effective_sizes(traces);
    const auto steps = static_cast<double>(plan.steps * plan.count);
    std::printf(
        "%-13s %2ld x %4ld x %3ld  %8.3f ms a step and matrix, acceptance %.2f; effective in "
        "10,000 "
        "steps: median entry %5.0f, least %5.0f, norm %5.0f; a second: %8.1f, %8.1f, %8.1f\n",
        name, static_cast<long>(plan.count), static_cast<long>(plan.rows),
        static_cast<long>(plan.columns), 1e3 * seconds / steps, acceptance / steps,
        1e4 * sizes.median / steps, 1e4 * sizes.least / steps, 1e4 * sizes.norm / steps,
        sizes.median / seconds, sizes.least / seconds, sizes.norm / seconds);
}

void bench_all(const Plan& plan) {
    bench("proximal", MatrixKernelKind::proximal, plan);
    bench("harmonic flow", MatrixKernelKind::harmonic_flow, plan);
    bench("SVD-Gibbs", MatrixKernelKind::svd_gibbs, plan);
}

/// The floor: one QR factorisation's triangle and one product with a square.
void bench_large(Index rows, Index columns) {
    MatrixChains chains = make_chains(1, rows, columns);
    const auto kernel = make_matrix_kernel(MatrixKernelKind::proximal, chains.batch, 2);
    // The first step has no mean to start from.
    kernel->advance(chains, 0, false);
    const double before = cpu_seconds();
    kernel->advance(chains, 1, false);
    const double step = cpu_seconds() - before;
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), chains.phi);
    TallQrRoute route{};
    const double before_qr = cpu_seconds();
    const Matrix triangle =
        tall_qr_r<double>({host.data(), rows, columns, 1}, Communicator::world(), route);
    const double qr = cpu_seconds() - before_qr;
    std::vector<double> product(static_cast<std::size_t>(rows * columns));
    const double before_product = cpu_seconds();
    blas::gemm(blas::Transpose::no, blas::Transpose::no, columns, rows, columns, 1.0,
               triangle.data(), columns, host.data(), columns, 0.0, product.data(), columns);
    const double gemm = cpu_seconds() - before_product;
    std::printf(
        "proximal step of %ld x %ld: %.2f s; QR %.2f s, product %.2f s: %.2f times their sum\n",
        static_cast<long>(rows), static_cast<long>(columns), step, qr, gemm, step / (qr + gemm));
}

/// What a part of a trajectory costs, and how many parts the step size comes to in a warm-up.
void bench_flow(Index rows, Index columns, Index warm_up) {
    MatrixChains chains = make_chains(1, rows, columns);
    const auto kernel = make_matrix_kernel(MatrixKernelKind::harmonic_flow, chains.batch, 2);
    const double first = HarmonicFlow::first_parts(static_cast<double>(rows * columns));
    double seconds = 0.0;
    for (Index step = 0; step <= warm_up; ++step) {
        const double before = cpu_seconds();
        kernel->advance(chains, step, step > 0);
        seconds = step == 0 ? cpu_seconds() - before : seconds;
    }
    const double part = std::exp(kernel->learnt().front());
    std::printf(
        "trajectory of %ld x %ld: %.3f s for %.0f parts, %.3f ms each; after %ld steps %.1f parts, "
        "acceptance %.2f\n",
        static_cast<long>(rows), static_cast<long>(columns), seconds, first, 1e3 * seconds / first,
        static_cast<long>(warm_up), 0.5 * std::numbers::pi / part, kernel->acceptance().front());
}

}  // namespace

int main(int argc, char** argv) {
    choose_blas_kernel(argc, argv);
    const Runtime runtime(argc, argv);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const std::string what = argc > 1 ? argv[1] : "";
    if (argc == 4 && what == "large") {
        bench_large(std::atol(argv[2]), std::atol(argv[3]));
    } else if (argc == 5 && what == "flow") {
        bench_flow(std::atol(argv[2]), std::atol(argv[3]), std::atol(argv[4]));
    } else if (argc == 7 && what == "batch") {
        bench_all({std::atol(argv[2]), std::atol(argv[3]), std::atol(argv[4]), std::atol(argv[5]),
                   std::atol(argv[6])});
    } else if (what == "figure5") {
        for (const auto& [rows, columns] : {std::pair{20, 10}, {30, 30}, {40, 30}, {75, 25}}) {
            bench_all({1, rows, columns, 1000, 10'000});
        }
    } else {
        for (const Index size : {30, 64, 100}) {
            for (const Index count : {1, 8}) {
                const Index steps = size > 64 ? 300 : 1000;
                bench_all({count, size, size, steps / 2, steps});
            }
        }
    }
    return 0;
}
