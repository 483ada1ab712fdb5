// One sweep of cp on a 256 x 256 x 200 float64 tensor, rank 20, one rank: CPU seconds of least
// squares and of nonnegative updates, and the floor that two matrix products of the tensor's size
// set at the machine's own DGEMM rate, measured in turn.

#include <Kokkos_Core.hpp>
#include <cstdio>

#include "measure.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/method/cp/cp_method.hpp"
#include "tessera/parallel/runtime.hpp"

namespace {

using namespace tessera;

void bench(const Problem<double>& problem, bool nonnegative) {
    CpOptions options;
    options.rank = 20;
    options.nonnegative = nonnegative;
    options.maximum_steps = 1000;
    options.tolerance = 1e-300;
    CpMethod<double> method(problem, options, 1);
    benchmark::GemmReference<double> gemm;
    const auto [sweep, reference] = benchmark::run_in_turn([&] { method.step(); }, gemm, 15);
    const double rate = benchmark::GemmReference<double>::flops / reference.cpu_seconds;
    const auto entries = static_cast<double>(problem.observation.size());
    const double floor = 2.0 * 2.0 * entries * static_cast<double>(options.rank) / rate;
    std::printf("%-14s wall %7.4f s  CPU %7.4f s  floor %7.4f s at %.1f GF/s  ratio %.2f\n",
                nonnegative ? "nonnegative" : "least squares", sweep.wall_seconds,
                sweep.cpu_seconds, floor, 1e-9 * rate, sweep.cpu_seconds / floor);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    tessera::choose_blas_kernel(argc, argv);
    const tessera::Runtime runtime(argc, argv);
    const Extents shape = {256, 256, 200};
    const Partition partition(shape, ProcessGrid(Communicator::world(), {1, 1, 1}));
    const DenseTensor<double> tensor("tensor", partition);
    const DeviceView<double> block = tensor.block();
    Kokkos::parallel_for(
        "fill", shape.product(), KOKKOS_LAMBDA(Index i) {
            const auto key = static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15U;
            block(i) = static_cast<double>(key >> 11U) * 0x1p-53;
        });
    const Problem<double> problem{
        tensor, std::nullopt, NoiseModel{}, {"rows", "cols", "bands"}, std::nullopt};
    bench(problem, false);
    bench(problem, true);
    return 0;
}
