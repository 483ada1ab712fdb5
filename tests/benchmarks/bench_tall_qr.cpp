// QR of a tall matrix, 10^6 x 200 float64 (1.6 GB) or the size given as arguments ROWS COLUMNS,
// shared out over the ranks: both routes, as GF/s of what each must compute and as a share of
// DGEMM. With more than one rank the rates are per rank, by that rank's CPU time.

#include <Kokkos_Core.hpp>
#include <cstdio>
#include <cstdlib>

#include "measure.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/linalg/tall_qr.hpp"
#include "tessera/parallel/runtime.hpp"

namespace {

using namespace tessera;

void bench(Index rows, Index columns) {
    const Communicator& world = Communicator::world();
    const Index begin = rows * world.rank() / world.size();
    const Index own = rows * (world.rank() + 1) / world.size() - begin;
    const DeviceView<double> entries = allocate<double>("matrix", own * columns);
    Kokkos::parallel_for(
        "fill", own * columns, KOKKOS_LAMBDA(Index i) {
            const auto key = static_cast<std::uint64_t>(begin * columns + i) * 0x9E3779B97F4A7C15u;
            entries(i) = static_cast<double>(key >> 11) * 0x1p-53 - 0.5;
        });
    Kokkos::fence();
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entries);
    const SlabMatrix<const double> a{host.data(), own, columns, 1};

    const int threads = Kokkos::DefaultHostExecutionSpace().concurrency();
    const auto m = static_cast<double>(own);
    const auto n = static_cast<double>(columns);
    if (world.rank() == 0) {
        std::printf("%s; %d threads in kernels; %ld x %ld on %d ranks\n",
                    blas_description().c_str(), threads, static_cast<long>(rows),
                    static_cast<long>(columns), world.size());
    }
    const auto line = [&](const char* name, double flops, const std::function<void()>& work) {
        if (world.size() == 1) {
            benchmark::report<double>(name, flops, threads, 3, work);
            return;
        }
        benchmark::Times best;
        for (int i = 0; i < 3; ++i) {
            world.barrier();
            benchmark::run_once(work, best);
        }
        if (world.rank() == 0) {
            std::printf("%-44s wall %8.4f s  CPU %8.4f s  %7.1f GF/s on rank 0\n", name,
                        best.wall_seconds, best.cpu_seconds, 1e-9 * flops / best.cpu_seconds);
        }
    };
    TallQrRoute route{};
    line("CholeskyQR2 (3 m n^2)", 3 * m * n * n, [&] { (void)tall_qr_r(a, world, route); });
    line("Householder TSQR (2 m n^2)", 2 * m * n * n,
         [&] { (void)householder_tall_qr_r(a, world); });
    line("tall_svd (3 m n^2)", 3 * m * n * n, [&] { (void)tall_svd(a, world); });
    if (world.rank() == 0) {
        std::printf("route of the first: %s\n", to_string(route));
    }
}

}  // namespace

int main(int argc, char** argv) {
    tessera::choose_blas_kernel(argc, argv);
    const tessera::Runtime runtime(argc, argv);
    const bool sized = argc == 3;
    bench(sized ? std::atol(argv[1]) : 1000000, sized ? std::atol(argv[2]) : 200);
    return 0;
}
