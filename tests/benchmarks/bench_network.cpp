// Networks: the convolution of an image by itself against SGEMM, and one forward and backward pass
// of whole networks. Arguments: the names of cases; none for all but the two largest.

#include <Kokkos_Core.hpp>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "measure.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/network/adam.hpp"
#include "tessera/network/convolution.hpp"
#include "tessera/network/make_factor_generator.hpp"
#include "tessera/parallel/runtime.hpp"

namespace {

using namespace tessera;

SiteSlab whole_slab(const Extents& sites) {
    return {Communicator::world(), sites, {0, sites[0]}, 1};
}

// A 3 x 3 convolution of 128 to 128 channels; flops are those of the direct sum.
void convolution(Index extent, Index taps) {
    constexpr Index channels = 128;
    const SiteSlab slab = whole_slab({extent, extent});
    ParameterStore<float> store;
    Convolution<float> layer(slab, slab, {channels, channels, taps}, store, "layer",
                             std::make_shared<LayerWorkspace<float>>());
    store.allocate("benchmark");
    layer.initialise(1, "benchmark");
    const auto map = [&](float value) {
        HostView<float> view = allocate_host<float>("map", slab.held_sites() * channels);
        Kokkos::deep_copy(view, value);
        return view;
    };
    const HostView<float> input = map(0.5F);
    const HostView<float> output = map(0.0F);
    const HostView<float> gradient = map(0.25F);
    const HostView<float> input_gradient = map(0.0F);
    const std::vector<float> scale(channels, 1.1F);
    const std::vector<float> shift(channels, -0.1F);
    const MapReader<float> reader{input.data(), channels, scale.data(), shift.data(), 0.2F};
    const std::string name = "convolution " + std::to_string(taps) + " taps, " +
                             std::to_string(extent) + "^2, 128 channels, ";
    benchmark::report<float>(name + "forward", layer.flops(), 1, 3,
                             [&] { layer.forward(reader, output.data(), nullptr); });
    benchmark::report<float>(name + "backward", 2.0 * layer.flops(), 1, 3, [&] {
        layer.backward(reader, gradient.data(), input_gradient.data());
    });
}

void network(const std::string& name, const GeneratorOptions& options, const Extents& sites,
             Index rank, int repetitions) {
    Box local{sites, sites};
    for (int mode = 0; mode < sites.order(); ++mode) {
        local.begin[mode] = 0;
    }
    const auto generator = make_factor_generator<float>(options, sites, local, rank,
                                                        Communicator::world(), 1, "factor");
    const FactorMatrix<const float> rows = generator->forward(0);
    const FactorMatrix<float> gradient("gradient", rows.extent(0), rows.extent(1));
    Kokkos::deep_copy(gradient, 0.01F);
    Adam<float> adam;
    const auto best = [&](const std::function<void()>& work) {
        benchmark::Times times;
        for (int i = 0; i < repetitions; ++i) {
            benchmark::run_once(work, times);
        }
        return 1e3 * times.cpu_seconds;
    };
    std::int64_t step = 0;
    const double forward = best([&] { generator->forward(++step); });
    const double backward = best([&] { generator->backward(gradient); });
    const double update = best([&] { adam.step(generator->parameters(), 1e-6); });
    std::printf(
        "%-28s forward %8.2f ms, backward %8.2f ms, Adam %6.2f ms, together %8.2f ms (CPU)\n",
        name.c_str(), forward, backward, update, forward + backward + update);
    std::printf("    %s; peak memory of the process %s\n", generator->describe().c_str(),
                format_bytes(memory_use().peak_resident_bytes).c_str());
    std::fflush(stdout);
}

GeneratorOptions of_kind(GeneratorKind kind, double jitter = 0.0) {
    GeneratorOptions options;
    options.kind = kind;
    options.jitter = jitter;
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    choose_blas_kernel(argc, argv);
    const Runtime runtime(argc, argv);
    const GeneratorOptions skip = of_kind(GeneratorKind::skip_network);
    const GeneratorOptions jittered = of_kind(GeneratorKind::skip_network, 1.0 / 30.0);
    const GeneratorOptions decoder = of_kind(GeneratorKind::deep_decoder);
    const std::vector<std::pair<std::string, std::function<void()>>> cases = {
        {"conv64", [] { convolution(64, 3); }},
        {"conv256", [] { convolution(256, 3); }},
        {"pointwise256", [] { convolution(256, 1); }},
        {"vector64", [&] { network("skip, 64 sites, rank 16", skip, {64}, 16, 200); }},
        {"decoder64", [&] { network("decoder, 64 sites, rank 16", decoder, {64}, 16, 200); }},
        {"image64",
         [&] {
             network("skip, 64^2 sites, rank 20", jittered, {64, 64}, 20, 10);
         }},
        {"image256",
         [&] {
             network("skip, 256^2 sites, rank 20", jittered, {256, 256}, 20, 4);
         }},
        {"decoder256",
         [&] {
             network("decoder, 256^2, rank 20", decoder, {256, 256}, 20, 4);
         }},
        {"image1024",
         [&] {
             network("skip, 1024^2, rank 20", jittered, {1024, 1024}, 20, 1);
         }},
        {"image2048", [&] {
             network("skip, 2048^2, rank 20", jittered, {2048, 2048}, 20, 1);
         }}};
    for (const auto& [name, run] : cases) {
        bool wanted = argc == 1 && name != "image1024" && name != "image2048";
        for (int i = 1; i < argc; ++i) {
            wanted = wanted || name == argv[i];
        }
        if (wanted) {
            run();
        }
    }
    for (const auto& [name, record] : profile_records()) {
        std::printf("%-28s %8ld calls %10.3f s\n", name.c_str(), record.calls, record.seconds);
    }
    return 0;
}
