// Whole iterations of method factor_networks, and the normalisation of a large map against the
// triad. Arguments: the names of cases; none for all. compare_with_pytorch.py runs each case beside
// the same iteration in PyTorch.

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdio>
#include <string>

#include "measure.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/method/factor_networks/factor_networks_method.hpp"
#include "tessera/network/normalisation.hpp"
#include "tessera/parallel/runtime.hpp"

namespace {

using namespace tessera;

// Multiplications and additions of one iteration.
struct Flops {
    double direct = 0.0;    // each convolution as a direct sum
    double products = 0.0;  // in the matrix products that remain with Winograd's F(4x4, 3x3)

    void add(double flops, double share_left = 1.0) {
        direct += flops;
        products += share_left * flops;
    }
};

// Forward and both gradients, by the formulas of the folder's README.
void add_skip_network(const Extents& sites, double rank, Flops& flops) {
    constexpr double channels = 128.0;
    constexpr double skips = 4.0;
    constexpr double scales = 5.0;
    const double taps = sites.order() == 2 ? 9.0 : 3.0;
    const double coarser = sites.order() == 2 ? 0.25 : 0.5;
    auto count = static_cast<double>(sites.product());
    flops.add(6.0 * count * channels * rank);
    double inputs = rank;
    for (int scale = 0; scale < scales; ++scale) {
        const auto left = [&](double at) {
            return sites.order() == 2 && at >= 1024.0 ? 36.0 / 144.0 : 1.0;
        };
        const double coarse = coarser * count;
        flops.add(6.0 * count * inputs * skips);
        flops.add(6.0 * coarse * taps * inputs * channels);
        flops.add(6.0 * coarse * taps * channels * channels, left(coarse));
        flops.add(6.0 * count * taps * (channels + skips) * channels, left(count));
        flops.add(6.0 * count * channels * channels);
        inputs = channels;
        count = coarse;
    }
}

DenseTensor<float> observation(const Extents& shape) {
    const Extents ones = Extents::filled(shape.order(), 1);
    const Partition partition(shape, ProcessGrid(Communicator::world(), ones));
    DenseTensor<float> tensor("observation", partition);
    const DeviceView<float> block = tensor.block();
    Kokkos::parallel_for(
        "fill", Kokkos::RangePolicy<Kokkos::IndexType<Index>>(0, shape.product()),
        KOKKOS_LAMBDA(Index i) {
            const auto key = static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15U;
            block(i) = static_cast<float>(key >> 40U) * 0x1p-24F;
        });
    Kokkos::fence();
    return tensor;
}

struct Case {
    std::string name;
    Extents shape;
    Index rank;
    FactorNetworksOptions::Contraction contraction;
    EntryLoss::Kind loss;
    std::vector<Extents> factors;
    int repetitions;
};

void iterate(const Case& each) {
    FactorNetworksOptions options;
    options.contraction = each.contraction;
    options.rank = each.rank;
    options.loss = each.loss;
    options.validation = FactorNetworksOptions::Validation::none;
    options.steps = 1000000;
    const std::vector<std::string> names = {"rows", "cols", "bands"};
    const Problem<float> problem{observation(each.shape),
                                 std::nullopt,
                                 NoiseModel{},
                                 {names.begin(), names.begin() + each.shape.order()},
                                 std::nullopt};
    FactorNetworksMethod<float> method(problem, options, 1);
    benchmark::Times times;
    for (int i = 0; i < each.repetitions; ++i) {
        benchmark::run_once([&] { method.step(); }, times);
    }
    // The peak before the reference matrices.
    const double peak_mib = memory_use().peak_resident_bytes / (1024.0 * 1024.0);
    benchmark::GemmReference<float> gemm;
    benchmark::Times reference;
    for (int i = 0; i < 5; ++i) {
        benchmark::run_once([&] { gemm(); }, reference);
    }
    const double rate = benchmark::GemmReference<float>::flops / reference.cpu_seconds;
    Flops flops;
    for (const Extents& sites : each.factors) {
        add_skip_network(sites, static_cast<double>(each.rank), flops);
    }
    flops.add(6.0 * static_cast<double>(each.shape.product()) * static_cast<double>(each.rank));
    const double floor = flops.products / rate;
    std::printf(
        "%-14s CPU %9.5f s, wall %9.5f s an iteration; %.1f GF as direct sums: %.1f GF/s, %.0f %% "
        "of SGEMM's %.1f; matrix products alone %.5f s, %.0f %%; peak %.0f MiB\n",
        each.name.c_str(), times.cpu_seconds, times.wall_seconds, 1e-9 * flops.direct,
        1e-9 * flops.direct / times.cpu_seconds, 100.0 * flops.direct / times.cpu_seconds / rate,
        1e-9 * rate, floor, 100.0 * floor / times.cpu_seconds, peak_mib);
    std::fflush(stdout);
}

// a = b + 2 c on arrays beyond any cache.
class Triad {
  public:
    void operator()() const {
        for (std::size_t i = 0; i < count; ++i) {
            a_[i] = b_[i] + 2.0F * c_[i];
        }
    }
    static constexpr std::size_t count = std::size_t{32} << 20U;
    static constexpr double bytes = 3.0 * 4.0 * static_cast<double>(count);

  private:
    mutable std::vector<float> a_ = std::vector<float>(count, 0.0F);
    std::vector<float> b_ = std::vector<float>(count, 1.0F);
    std::vector<float> c_ = std::vector<float>(count, 1.0F);
};

// What stands beside the convolutions: the sums of a map in memory, and the backward pass, which
// has to read map and gradient twice and to write the gradient once; the activation is in both, and
// padding is an index. A map of 256^2 sites and 128 channels.
void normalisation() {
    constexpr Index extent = 256;
    constexpr Index channels = 128;
    const SiteSlab slab(Communicator::world(), {extent, extent}, {0, extent}, 1);
    ParameterStore<float> store;
    Normalisation<float> layer(slab, channels, 0.2F, store, "layer");
    store.allocate("benchmark");
    layer.initialise();
    const Index count = slab.held_sites() * channels;
    std::vector<float> map(static_cast<std::size_t>(count));
    std::vector<float> gradient(static_cast<std::size_t>(count), 0.25F);
    for (std::size_t i = 0; i < map.size(); ++i) {
        map[i] = static_cast<float>(i % 1009) - 500.0F;
    }
    const Triad triad;
    const auto report = [&](const char* name, double passes, const std::function<void()>& work) {
        const auto [own, reference] = benchmark::run_in_turn(
            work, [&] { triad(); }, 7);
        const double bytes = passes * sizeof(float) * static_cast<double>(count);
        const double rate = bytes / own.cpu_seconds;
        const double bound = Triad::bytes / reference.cpu_seconds;
        std::printf("%-28s CPU %8.5f s  %6.2f GB/s  %5.1f %% of triad's %.2f\n", name,
                    own.cpu_seconds, 1e-9 * rate, 100.0 * rate / bound, 1e-9 * bound);
        std::fflush(stdout);
    };
    const auto forward = [&] {
        layer.begin();
        layer.accumulate(map.data(), slab.own_sites());
        layer.finish();
    };
    report("normalisation, forward", 1.0, forward);
    report("normalisation, backward", 5.0, [&] { layer.backward(map.data(), gradient.data()); });
}

}  // namespace

int main(int argc, char** argv) {
    choose_blas_kernel(argc, argv);
    const Runtime runtime(argc, argv);
    using Contraction = FactorNetworksOptions::Contraction;
    const std::vector<Case> cases = {
        {"matrix", {64, 64}, 16, Contraction::matrix, EntryLoss::Kind::squares, {{64}, {64}}, 300},
        {"hyperspectral",
         {256, 256, 64},
         20,
         Contraction::image,
         EntryLoss::Kind::absolute,
         {{256, 256}, {64}},
         6},
        {"cp",
         {160, 192, 168},
         2000,
         Contraction::cp,
         EntryLoss::Kind::absolute,
         {{160}, {192}, {168}},
         6}};
    const auto wanted = [&](const std::string& name) {
        return argc == 1 || std::any_of(argv + 1, argv + argc,
                                        [&](const char* argument) { return name == argument; });
    };
    for (const Case& each : cases) {
        if (wanted(each.name)) {
            iterate(each);
        }
    }
    if (wanted("normalisation")) {
        normalisation();
    }
    for (const auto& [name, record] : profile_records()) {
        std::printf("    %-36s %8ld calls %10.4f s\n", name.c_str(), record.calls, record.seconds);
    }
    return 0;
}
