// What is said of generators before they are made, against what they turn out to be and to do.

#include <gtest/gtest.h>

#include "generator_checks.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/network/generator_counts.hpp"

namespace tessera {
namespace {

using namespace test_support;

const std::vector<GeneratorKind> kinds = {GeneratorKind::skip_network, GeneratorKind::deep_decoder,
                                          GeneratorKind::sine_network, GeneratorKind::free_factor};

GeneratorOptions small_options(GeneratorKind kind, bool learn_input) {
    GeneratorOptions options;
    options.kind = kind;
    options.channels = 6;
    options.skip_channels = 2;
    options.scales = 3;
    options.learn_input = learn_input;
    return options;
}

PhaseRecord record_of(const std::string& name) {
    const auto found = profile_records().find(name);
    return found == profile_records().end() ? PhaseRecord{} : found->second;
}

TEST(GeneratorCounts, ParametersAreThoseOfTheGenerator) {
    const Communicator self = Communicator::world().split(own_rank(), 0);
    for (const GeneratorKind kind : kinds) {
        for (const bool learn_input : {true, false}) {
            for (const Extents& sites : {Extents{37}, Extents{22, 13}, Extents{9, 6, 7}}) {
                const GeneratorOptions options = small_options(kind, learn_input);
                const auto generator = make_generator<float>(options, sites, 5, self);
                const GeneratorParameters expected = generator_parameters(options, sites, 5);
                const ParameterStore<float>& store = generator->parameters();
                EXPECT_EQ(static_cast<double>(store.shared_size()), expected.shared);
                EXPECT_EQ(static_cast<double>(store.total_size() - store.shared_size()),
                          expected.spread);
            }
        }
    }
}

// Few rows too, where ranks run out of them at coarse scales.
TEST(GeneratorCounts, TrafficIsWhatAStepSends) {
    const Communicator& world = Communicator::world();
    for (const GeneratorKind kind : kinds) {
        for (const bool learn_input : {true, false}) {
            for (const Extents& sites : {Extents{64, 12}, Extents{7, 9}, Extents{50}}) {
                const GeneratorOptions options = small_options(kind, learn_input);
                const auto generator = make_generator<float>(options, sites, 5, world);
                const PhaseRecord halo = record_of("network/halo");
                const PhaseRecord sums = record_of("parallel/reductions");
                const FactorMatrix<const float> rows = generator->forward(0);
                const FactorMatrix<float> gradient("gradient", rows.extent(0), rows.extent(1));
                generator->backward(gradient);
                const PhaseRecord halo_after = record_of("network/halo");
                const PhaseRecord sums_after = record_of("parallel/reductions");
                const GeneratorTraffic expected =
                    generator_traffic(options, sites, world.size(), 5,
                                      sizeof(float))[static_cast<std::size_t>(world.rank())];
                SCOPED_TRACE(sites.to_string() + ", kind " +
                             std::to_string(static_cast<int>(kind)));
                EXPECT_ALL_RANKS(static_cast<double>(halo_after.messages - halo.messages) ==
                                 expected.halo_messages);
                EXPECT_ALL_RANKS(halo_after.bytes - halo.bytes == expected.halo_bytes);
                EXPECT_ALL_RANKS(static_cast<double>(sums_after.messages - sums.messages) ==
                                 expected.reductions);
                EXPECT_ALL_RANKS(sums_after.bytes - sums.bytes == expected.reduced_bytes);
            }
        }
    }
}

}  // namespace
}  // namespace tessera
