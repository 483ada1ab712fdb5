// Sequentially truncated HOSVD of a 256 x 256 x 200 tensor (or of the three extents given as
// arguments) of multilinear rank 20 with a decaying core and 1 % noise, to a relative error of
// 0.02, by both routes: seconds, memory as a multiple of the tensor, and the time as a multiple of
// what the Gram matrix of the first mode would take at the speed of DGEMM.

#include <Kokkos_Core.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "measure.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/base/random.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/linalg/slab_kernels.hpp"
#include "tessera/method/tucker/tucker_method.hpp"
#include "tessera/parallel/runtime.hpp"
#include "tessera/tensor/contraction.hpp"
#include "tessera/tensor/reductions.hpp"

namespace {

using namespace tessera;

// Rank 20 in every mode: core entries fall off by 0.8 per position, factors are random.
template <typename T>
DenseTensor<T> decaying_tensor(const Extents& shape) {
    constexpr Index rank = 20;
    const Communicator& world = Communicator::world();
    const ProcessGrid grid(world, {1, 1, world.size()});
    const Random random(7, 0);
    DenseTensor<T> tensor("core", {{rank, rank, rank}, grid});
    const GlobalIndex global = global_index(tensor);
    const auto core = tensor.block();
    Kokkos::parallel_for(
        "core", static_cast<Index>(core.size()), KOKKOS_LAMBDA(Index i) {
            const Index offset = global(i);
            const double decay =
                static_cast<double>(offset / (rank * rank) + offset / rank % rank + offset % rank);
            core(i) = static_cast<T>(random.normal(offset) * Kokkos::pow(0.8, decay));
        });
    for (int mode = 0; mode < 3; ++mode) {
        Matrix factor(shape[mode], rank);
        for (std::size_t i = 0; i < factor.values.size(); ++i) {
            factor.values[i] =
                Random(7, static_cast<std::uint32_t>(mode + 1)).normal(static_cast<Index>(i));
        }
        tensor = tensor_times_matrix(tensor, mode, factor, "observation");
    }
    const double sigma = 0.01 * norm(tensor) / std::sqrt(static_cast<double>(tensor.size()));
    const GlobalIndex place = global_index(tensor);
    const auto entries = tensor.block();
    const Random noise(7, 9);
    Kokkos::parallel_for(
        "noise", static_cast<Index>(entries.size()),
        KOKKOS_LAMBDA(Index i) { entries(i) += static_cast<T>(sigma * noise.normal(place(i))); });
    Kokkos::fence();
    return tensor;
}

template <typename T>
void bench(const Extents& shape) {
    const Communicator& world = Communicator::world();
    const Problem<T> problem{
        decaying_tensor<T>(shape), std::nullopt, NoiseModel{}, {"x", "y", "z"}, std::nullopt};
    const double tensor_bytes = static_cast<double>(problem.observation.block().size()) * sizeof(T);
    for (const auto route : {TuckerOptions::Route::gram, TuckerOptions::Route::qr}) {
        TuckerOptions options;
        options.tolerance = 0.02;
        options.route = route;
        std::unique_ptr<TuckerMethod<T>> method;
        double largest_bytes = 0.0;
        const auto work = [&] {
            method.reset();
            const double before = memory_use().resident_bytes;
            method = std::make_unique<TuckerMethod<T>>(problem, options);
            while (!method->finished()) {
                method->step();
                largest_bytes = std::max(largest_bytes, memory_use().resident_bytes - before);
            }
        };
        benchmark::GemmReference<double> gemm;
        world.barrier();
        const auto [own, reference] = benchmark::run_in_turn(
            work, [&] { gemm(); }, 7);
        const double gemm_rate = gemm.flops / reference.cpu_seconds;
        // The mode with the fewest positions comes first.
        const auto first_extent = static_cast<double>(std::min({shape[0], shape[1], shape[2]}));
        const double gram_seconds = static_cast<double>(problem.observation.block().size()) *
                                    (first_extent + 1.0) / gemm_rate;
        if (world.rank() != 0) {
            continue;
        }
        double bound = 0.0;
        for (const auto& [name, value] : method->report()) {
            bound = name == "error_bound" ? value : bound;
        }
        std::printf(
            "%s %-4s  CPU %7.4f s  wall %7.4f s  DGEMM %5.1f GF/s  %.2f x first Gram at DGEMM  "
            "memory %.2f x tensor  error bound %.5f\n",
            sizeof(T) == 8 ? "float64" : "float32",
            route == TuckerOptions::Route::gram ? "Gram" : "QR", own.cpu_seconds, own.wall_seconds,
            1e-9 * gemm_rate, own.cpu_seconds / gram_seconds, 1.0 + largest_bytes / tensor_bytes,
            bound);
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    tessera::choose_blas_kernel(argc, argv);
    const tessera::Runtime runtime(argc, argv);
    tessera::Extents shape = {256, 256, 200};
    for (int mode = 0; argc == 4 && mode < 3; ++mode) {
        shape[mode] = std::atol(argv[1 + mode]);
    }
    std::printf("%s; %s\n", tessera::blas_description().c_str(), shape.to_string().c_str());
    bench<double>(shape);
    bench<float>(shape);
    return 0;
}
