// Products with the unfoldings of a 256 x 256 x 200 tensor (or ROWS COLUMNS BANDS given as
// arguments), one rank: GB/s of one pass over the tensor, and the share of a triad measured in turn
// with it.

#include <Kokkos_Core.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "measure.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/parallel/runtime.hpp"
#include "tessera/tensor/unfolding_operator.hpp"

namespace {

using namespace tessera;

/// a = b + 2 c on arrays beyond any cache.
class Triad {
  public:
    void operator()() const {
        const DeviceView<double> a = a_;
        const DeviceView<double> b = b_;
        const DeviceView<double> c = c_;
        Kokkos::parallel_for(
            "triad", count, KOKKOS_LAMBDA(Index i) { a(i) = b(i) + 2.0 * c(i); });
        Kokkos::fence();
    }
    static constexpr Index count = 16 << 20;
    static constexpr double bytes = 3.0 * 8.0 * static_cast<double>(count);

  private:
    static DeviceView<double> filled(const char* label) {
        const DeviceView<double> view = allocate<double>(label, count);
        Kokkos::deep_copy(view, 1.0);
        return view;
    }
    DeviceView<double> a_ = filled("a");
    DeviceView<double> b_ = filled("b");
    DeviceView<double> c_ = filled("c");
};

void report_bandwidth(const std::string& name, double bytes, const Triad& triad,
                      const std::function<void()>& work) {
    const auto [own, reference] = benchmark::run_in_turn(
        work, [&] { triad(); }, 7);
    const bool one_thread = Kokkos::DefaultExecutionSpace().concurrency() == 1;
    const auto rate = [&](double moved, const benchmark::Times& times) {
        return 1e-9 * moved / (one_thread ? times.cpu_seconds : times.wall_seconds);
    };
    std::printf("%-44s wall %8.4f s  CPU %8.4f s  %6.2f GB/s  %5.1f %% of triad's %.2f\n",
                name.c_str(), own.wall_seconds, own.cpu_seconds, rate(bytes, own),
                100.0 * rate(bytes, own) / rate(Triad::bytes, reference),
                rate(Triad::bytes, reference));
    std::fflush(stdout);
}

template <typename T>
void bench(const Extents& shape, const char* type) {
    const Triad triad;
    const Partition partition(
        shape, ProcessGrid(Communicator::world(), Extents::filled(shape.order(), 1)));
    const DenseTensor<T> tensor("tensor", partition);
    const DeviceView<T> block = tensor.block();
    Kokkos::parallel_for(
        "fill", shape.product(), KOKKOS_LAMBDA(Index i) {
            const auto key = static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15U;
            block(i) = static_cast<T>(static_cast<double>(key >> 11U) * 0x1p-53 - 0.5);
        });
    const double bytes = static_cast<double>(shape.product()) * sizeof(T);
    for (int mode = 0; mode < shape.order(); ++mode) {
        const UnfoldingOperator<T> a(tensor, mode, mode + 1);
        std::vector<double> x(static_cast<std::size_t>(a.local_columns()), 1.0);
        std::vector<double> y(static_cast<std::size_t>(a.local_rows()), 1.0);
        const std::string where = std::string(type) + " mode " + std::to_string(mode);
        report_bandwidth(where + " A x", bytes, triad, [&] { a.apply(x.data(), y.data()); });
        report_bandwidth(where + " A^T y", bytes, triad,
                         [&] { a.apply_transpose(y.data(), x.data()); });
    }
}

}  // namespace

int main(int argc, char** argv) {
    tessera::choose_blas_kernel(argc, argv);
    const tessera::Runtime runtime(argc, argv);
    Extents shape = {256, 256, 200};
    for (int mode = 0; mode < 3 && argc == 4; ++mode) {
        shape[mode] = std::atol(argv[mode + 1]);
    }
    std::printf("%s, %d threads\n", shape.to_string().c_str(),
                Kokkos::DefaultExecutionSpace().concurrency());
    bench<float>(shape, "float32");
    bench<double>(shape, "float64");
    return 0;
}
