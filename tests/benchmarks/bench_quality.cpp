// The fused pass of all pointwise quality figures, and SSIM, on a 256 x 256 x 200 tensor in the two
// layouts and precisions: GB/s of the pointwise pass, and its share of the triad bandwidth measured
// in turn with it. Both by CPU time, so that other programs on the machine disturb little. One rank
// and one thread.

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

constexpr int repetitions = 9;

/// a(i) = b(i) + s c(i), writes counted once.
template <typename T>
class Triad {
  public:
    explicit Triad(Index count)
        : a_(allocate<T>("a", count)), b_(allocate<T>("b", count)), c_(allocate<T>("c", count)) {
        const DeviceView<T> a = a_;
        const DeviceView<T> b = b_;
        const DeviceView<T> c = c_;
        Kokkos::parallel_for(
            "fill", Kokkos::RangePolicy<>(0, a.size()), KOKKOS_LAMBDA(std::size_t i) {
                a(i) = T(0);
                b(i) = T(1);
                c(i) = T(2);
            });
        Kokkos::fence();
    }

    void run() const {
        const DeviceView<T> a = a_;
        const DeviceView<T> b = b_;
        const DeviceView<T> c = c_;
        Kokkos::parallel_for(
            "triad", Kokkos::RangePolicy<>(0, a.size()),
            KOKKOS_LAMBDA(std::size_t i) { a(i) = b(i) + T(3) * c(i); });
        Kokkos::fence();
    }

    [[nodiscard]] double bytes() const { return 3.0 * sizeof(T) * static_cast<double>(a_.size()); }

  private:
    DeviceView<T> a_;
    DeviceView<T> b_;
    DeviceView<T> c_;
};

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
void bench(const std::string& name, const Extents& shape, int bands, const Triad<T>& triad) {
    const Partition partition(shape, ProcessGrid(Communicator::world(), {1, 1, 1}));
    const auto truth = wavy<T>("truth", partition, 0.0);
    const auto estimate = wavy<T>("estimate", partition, 0.1);
    AxisRoles roles;
    roles.bands = bands;
    roles.rows = bands == 0 ? 1 : 0;
    roles.cols = bands == 2 ? 1 : 2;
    const auto pointwise = [&] {
        (void)evaluate_quality(truth, estimate, std::nullopt, roles,
                               {1.0, QualityEntries::all, false});
    };
    const auto [own, reference] = benchmark::run_in_turn(
        pointwise, [&] { triad.run(); }, repetitions);
    benchmark::Times similarity;
    for (int i = 0; i < 3; ++i) {
        benchmark::run_once(
            [&] { (void)structural_similarity(truth, estimate, roles.rows, roles.cols, 1.0); },
            similarity);
    }
    const auto entries = static_cast<double>(truth.size());
    const double rate = 2e-9 * sizeof(T) * entries / own.cpu_seconds;
    const double triad_rate = 1e-9 * triad.bytes() / reference.cpu_seconds;
    std::printf("%-26s %6.2f GB/s = %5.1f %% of triad's %.2f; SSIM %6.1f Mentries/s\n",
                name.c_str(), rate, 100.0 * rate / triad_rate, triad_rate,
                1e-6 * entries / similarity.cpu_seconds);
}

template <typename T>
void bench_precision(const std::string& precision) {
    const Extents bands_last = {256, 256, 200};
    const Extents bands_first = {200, 256, 256};
    const Triad<T> triad(bands_last.product());
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
