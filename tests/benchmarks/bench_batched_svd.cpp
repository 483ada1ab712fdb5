// SVD and QR of many small matrices against LAPACK called one by one, both in turn, on random
// matrices, with vectors and without. Argument: number of matrices of the smallest size (4096).

#include <lapacke.h>

#include <Kokkos_Core.hpp>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "measure.hpp"
#include "tessera/linalg/batched.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/parallel/runtime.hpp"

namespace {

using namespace tessera;

int gesdd(char job, int m, int n, double* a, double* s, double* u, double* vt,
          std::vector<double>& work, int* integers) {
    return LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, job, m, n, a, m, s, u, m, vt, n, work.data(),
                               static_cast<int>(work.size()), integers);
}
int gesdd(char job, int m, int n, float* a, float* s, float* u, float* vt, std::vector<float>& work,
          int* integers) {
    return LAPACKE_sgesdd_work(LAPACK_COL_MAJOR, job, m, n, a, m, s, u, m, vt, n, work.data(),
                               static_cast<int>(work.size()), integers);
}

template <typename T>
void bench(Index rows, Index columns, Index count, bool vectors) {
    const BatchShape shape{count, rows, columns};
    const Index rank = shape.rank();
    const DeviceView<T> a = allocate<T>("a", count * rows * columns);
    std::vector<T> entries(a.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto key = (static_cast<std::uint64_t>(i) + 1) * 0x9E3779B97F4A7C15u;
        entries[i] = static_cast<T>(static_cast<double>((key ^ (key >> 29)) >> 11) * 0x1p-53 - 0.5);
    }
    Kokkos::deep_copy(a, HostView<T>(entries.data(), entries.size()));
    const auto s = allocate<T>("s", count * rank);
    const auto u = allocate<T>("u", vectors ? count * rows * rank : 0);
    const auto v = allocate<T>("v", vectors ? count * columns * rank : 0);

    std::vector<T> copy(static_cast<std::size_t>(rows * columns));
    std::vector<T> values(static_cast<std::size_t>(rank));
    std::vector<T> left(static_cast<std::size_t>(rows * rows));
    std::vector<T> right(static_cast<std::size_t>(columns * columns));
    std::vector<T> work(static_cast<std::size_t>(20 * rows * columns + 2000));
    std::vector<int> integers(static_cast<std::size_t>(8 * rank));
    const auto lapack = [&] {
        for (Index b = 0; b < count; ++b) {
            std::copy_n(entries.data() + b * rows * columns, rows * columns, copy.data());
            gesdd(vectors ? 'S' : 'N', static_cast<int>(rows), static_cast<int>(columns),
                  copy.data(), values.data(), left.data(), right.data(), work, integers.data());
        }
    };
    const auto [own, reference] =
        benchmark::run_in_turn([&] { batched_svd<T>(shape, a, s, u, v); }, lapack, 5);
    const auto microseconds = [&](const benchmark::Times& times) {
        return 1e6 * times.cpu_seconds / static_cast<double>(count);
    };
    std::printf("SVD %3ld x %3ld %s %-14s batched %8.2f us  LAPACK %8.2f us  ratio %5.2f (CPU)\n",
                static_cast<long>(rows), static_cast<long>(columns),
                sizeof(T) == 8 ? "float64" : "float32", vectors ? "with vectors" : "values only",
                microseconds(own), microseconds(reference),
                own.cpu_seconds > 0.0 ? reference.cpu_seconds / own.cpu_seconds : 0.0);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    tessera::choose_blas_kernel(argc, argv);
    const tessera::Runtime runtime(argc, argv);
    const tessera::Index count = argc > 1 ? std::atol(argv[1]) : 4096;
    std::printf("%s; %d threads in kernels; times of one matrix\n",
                tessera::blas_description().c_str(),
                Kokkos::DefaultHostExecutionSpace().concurrency());
    for (const bool vectors : {true, false}) {
        for (const tessera::Index n : {8, 16, 32, 64}) {
            bench<double>(n, n, count * 64 / (n * n), vectors);
            bench<float>(n, n, count * 64 / (n * n), vectors);
        }
        bench<double>(64, 16, count / 16, vectors);
    }
    return 0;
}
