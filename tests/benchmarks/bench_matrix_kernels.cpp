// Effective samples per CPU second of the kernels on batches of matrices, fixed lambda, one signal
// of rank one in noise (arXiv 2510.05447, figure 5), and one proximal step of a large matrix
// against its floor. `bench_matrix_kernels [rows columns]`: the large matrix.

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/linalg/tall_qr.hpp"
#include "tessera/parallel/runtime.hpp"
#include "tessera/sampling/convergence.hpp"
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

/// Median over 24 entries of the bulk effective size of each chain alone, summed over the chains:
/// different chains are different matrices to a user.
double effective_samples(const std::vector<std::vector<std::vector<double>>>& traces) {
    double total = 0.0;
    for (const auto& chain : traces) {
        std::vector<double> sizes;
        for (const auto& trace : chain) {
            sizes.push_back(bulk_effective_size({trace}));
        }
        std::sort(sizes.begin(), sizes.end());
        total += sizes[sizes.size() / 2];
    }
    return total;
}

void bench(const char* name, MatrixKernelKind kind, Index count, Index size, Index steps) {
    MatrixChains chains = make_chains(count, size, size);
    const auto kernel = make_matrix_kernel(kind, chains.batch, 2);
    const Index warm_up = steps / 2;
    for (Index step = 0; step < warm_up; ++step) {
        kernel->advance(chains, step, true);
    }
    constexpr Index entries = 24;
    std::vector<std::vector<std::vector<double>>> traces(static_cast<std::size_t>(count),
                                                         std::vector<std::vector<double>>(entries));
    const double before = cpu_seconds();
    for (Index step = warm_up; step < warm_up + steps; ++step) {
        kernel->advance(chains, step, false);
        for (Index chain = 0; chain < count; ++chain) {
            for (Index entry = 0; entry < entries; ++entry) {
                traces[static_cast<std::size_t>(chain)][static_cast<std::size_t>(entry)].push_back(
                    chains.phi((chain * size + entry * size / entries) * size + entry * 7 % size));
            }
        }
    }
    const double seconds = cpu_seconds() - before;
    const double samples = effective_samples(traces);
    std::printf(
        "%-14s %3ld x %3ld x %3ld  %8.3f ms a step and matrix  %7.4f effective a step  "
        "%9.1f effective a second\n",
        name, static_cast<long>(count), static_cast<long>(size), static_cast<long>(size),
        1e3 * seconds / static_cast<double>(steps * count),
        samples / static_cast<double>(steps * count), samples / seconds);
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

}  // namespace

int main(int argc, char** argv) {
    choose_blas_kernel(argc, argv);
    const Runtime runtime(argc, argv);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    if (argc == 3) {
        bench_large(std::atol(argv[1]), std::atol(argv[2]));
        return 0;
    }
    for (const Index size : {30, 64, 100}) {
        for (const Index count : {1, 8}) {
            const Index steps = size > 64 ? 300 : 1000;
            bench("proximal", MatrixKernelKind::proximal, count, size, steps);
            bench("harmonic flow", MatrixKernelKind::harmonic_flow, count, size, steps);
            bench("SVD-Gibbs", MatrixKernelKind::svd_gibbs, count, size, steps);
        }
    }
    return 0;
}
