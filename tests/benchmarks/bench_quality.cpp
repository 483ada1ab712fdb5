// The fused pass of all pointwise quality figures, and SSIM, on a 256 x 256 x 200 tensor in the two
// layouts and precisions: GB/s, and the share of the triad bandwidth measured in the same run. Both
// by CPU time, so that other programs on the machine disturb little. One rank.

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>

#include "measure.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/parallel/runtime.hpp"
#include "tessera/problem/quality.hpp"

namespace {

using namespace tessera;

constexpr int repetitions = 7;

benchmark::Times best_of(const std::function<void()>& work) {
    benchmark::Times best;
    for (int i = 0; i < repetitions; ++i) {
        benchmark::run_once(work, best);
    }
    return best;
}

/// Bytes per CPU second (of one thread) of a(i) = b(i) + s c(i), writes counted once.
template <typename T>
double triad_rate(Index count) {
    const DeviceView<T> a = allocate<T>("a", count);
    const DeviceView<T> b = allocate<T>("b", count);
    const DeviceView<T> c = allocate<T>("c", count);
    const Kokkos::RangePolicy<> all(0, static_cast<std::size_t>(count));
    Kokkos::parallel_for(
        "fill", all, KOKKOS_LAMBDA(std::size_t i) {
            a(i) = T(0);
            b(i) = T(1);
            c(i) = T(2);
        });
    const auto times = best_of([&] {
        Kokkos::parallel_for(
            "triad", all, KOKKOS_LAMBDA(std::size_t i) { a(i) = b(i) + T(3) * c(i); });
        Kokkos::fence();
    });
    return 3.0 * sizeof(T) * static_cast<double>(count) / times.cpu_seconds;
}

template <typename T>
DenseTensor<T> wavy(const std::string& label, const Partition& partition, double error) {
    DenseTensor<T> tensor(label, partition);
    const DeviceView<T> block = tensor.block();
    Kokkos::parallel_for(
        "fill", Kokkos::RangePolicy<>(0, block.size()), KOKKOS_LAMBDA(std::size_t i) {
            const auto x = static_cast<double>(i);
            block(i) = static_cast<T>(0.5 + 0.3 * Kokkos::sin(1e-3 * x) + error * Kokkos::sin(x));
        });
    return tensor;
}

template <typename T>
void bench(const std::string& name, const Extents& shape, int bands, double triad) {
    const Partition partition(shape, ProcessGrid(Communicator::world(), {1, 1, 1}));
    const auto truth = wavy<T>("truth", partition, 0.0);
    const auto estimate = wavy<T>("estimate", partition, 0.1);
    AxisRoles roles;
    roles.bands = bands;
    roles.rows = bands == 0 ? 1 : 0;
    roles.cols = bands == 2 ? 1 : 2;
    const double bytes = 2.0 * sizeof(T) * static_cast<double>(truth.size());
    const auto pointwise = best_of([&] {
        (void)evaluate_quality(truth, estimate, std::nullopt, roles,
                               {1.0, QualityEntries::all, false});
    });
    const auto ssim =
        best_of([&] { (void)structural_similarity(truth, estimate, roles.rows, roles.cols, 1.0); });
    const double rate = bytes / pointwise.cpu_seconds;
    std::printf("%-28s pointwise %6.2f GB/s = %5.1f %% of triad; SSIM %7.1f Mentries/s\n",
                name.c_str(), 1e-9 * rate, 100.0 * rate / triad,
                1e-6 * static_cast<double>(truth.size()) / ssim.cpu_seconds);
}

template <typename T>
void bench_precision(const std::string& precision) {
    const Extents bands_last = {256, 256, 200};
    const Extents bands_first = {200, 256, 256};
    const double triad = triad_rate<T>(bands_last.product());
    std::printf("%-28s triad     %6.2f GB/s\n", precision.c_str(), 1e-9 * triad);
    bench<T>(precision + ", rows cols bands", bands_last, 2, triad);
    bench<T>(precision + ", bands rows cols", bands_first, 0, triad);
}

}  // namespace

int main(int argc, char** argv) {
    const tessera::Runtime runtime(argc, argv);
    bench_precision<double>("float64");
    bench_precision<float>("float32");
    return 0;
}
