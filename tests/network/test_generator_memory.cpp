// The predicted memory of generators against what they allocate, counted by Kokkos' own hooks.

#include <gtest/gtest.h>

#include <map>

#include "generator_checks.hpp"
#include "tessera/network/generator_memory.hpp"

namespace tessera {
namespace {

double live_bytes = 0.0;

void count_allocation(Kokkos::Profiling::SpaceHandle /*space*/, const char* /*label*/,
                      const void* /*memory*/, std::uint64_t bytes) {
    live_bytes += static_cast<double>(bytes);
}
void count_release(Kokkos::Profiling::SpaceHandle /*space*/, const char* /*label*/,
                   const void* /*memory*/, std::uint64_t bytes) {
    live_bytes -= static_cast<double>(bytes);
}

// Bytes that a generator holds after one step.
double measured_bytes(const GeneratorOptions& options, const Extents& sites, Index rank) {
    live_bytes = 0.0;
    Kokkos::Tools::Experimental::set_allocate_data_callback(count_allocation);
    Kokkos::Tools::Experimental::set_deallocate_data_callback(count_release);
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    const auto generator = test_support::make_generator<float>(options, sites, rank, self);
    const FactorMatrix<const float> rows = generator->forward(0);
    const double before = live_bytes;
    const FactorMatrix<float> gradient("gradient", rows.extent(0), rows.extent(1));
    const double own = live_bytes - before;
    generator->backward(gradient);
    const double held = live_bytes - own;
    Kokkos::Tools::Experimental::set_allocate_data_callback(nullptr);
    Kokkos::Tools::Experimental::set_deallocate_data_callback(nullptr);
    return held;
}

TEST(GeneratorMemoryOneRank, PredictionsAreWithinATenth) {
    for (const GeneratorKind kind : {GeneratorKind::skip_network, GeneratorKind::deep_decoder,
                                     GeneratorKind::sine_network, GeneratorKind::free_factor}) {
        for (const Extents& sites : {Extents{20000}, Extents{150, 160}, Extents{30, 28, 26}}) {
            SCOPED_TRACE(sites.to_string() + ", kind " + std::to_string(static_cast<int>(kind)));
            GeneratorOptions options;
            options.kind = kind;
            options.channels = 32;
            options.average = true;
            const double measured = measured_bytes(options, sites, 7);
            const double predicted = generator_bytes(options, sites, sites[0], 7, sizeof(float));
            EXPECT_NEAR(predicted / measured, 1.0, 0.1);
        }
    }
}

}  // namespace
}  // namespace tessera
