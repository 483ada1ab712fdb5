// The sine network against its formula, gradients against central differences, any number of ranks.

#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "generator_checks.hpp"
#include "tessera/network/sine_network.hpp"

namespace tessera {
namespace {

using test_support::check_gradient;
using test_support::check_ranks;
using test_support::make_generator;

GeneratorOptions small_options() {
    GeneratorOptions options;
    options.kind = GeneratorKind::sine_network;
    options.channels = 5;
    return options;
}

TEST(SineNetworkOneRank, IsItsFormula) {
    GeneratorOptions options = small_options();
    options.hidden_layers = 1;
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    const auto generator = make_generator<double>(options, {4}, 2, self);
    const FactorMatrix<const double> rows = generator->forward(0);
    const ParameterStore<double>& store = generator->parameters();
    const auto at = [&](const std::string& name, Index i) {
        return store.value()(store.offset(name) + i);
    };
    for (Index site = 0; site < 4; ++site) {
        for (Index r = 0; r < 2; ++r) {
            double expected = at("head.bias", r);
            for (Index c = 0; c < 5; ++c) {
                const double before =
                    at("layer0.weight", c) * static_cast<double>(site + 1) + at("layer0.bias", c);
                expected += at("head.weight", c * 2 + r) * std::sin(2.0 * before);
            }
            EXPECT_NEAR(rows(site, r), expected, 1e-14);
        }
    }
}

TEST(SineNetworkOneRank, TakesTheLongestExtentAsWidth) {
    GeneratorOptions options = small_options();
    options.channels = 0;
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    // 9 x 2 + 9, 9 x 9 + 9, 9 x 3 + 3
    EXPECT_EQ(make_generator<float>(options, {4, 9}, 3, self)->describe(),
              "sine network, 2 hidden layers of 9 channels, 147 parameters");
}

TEST(SineNetworkOneRank, GradientsAreThoseOfCentralDifferences) {
    check_gradient(small_options(), {9}, 3);
    check_gradient(small_options(), {4, 5}, 2);
}

TEST(SineNetwork, IsTheSameOnAnyNumberOfRanks) {
    check_ranks<double>(small_options(), {11}, 3, 1e-11);
    check_ranks<double>(small_options(), {3, 8}, 3, 1e-11);
}

}  // namespace
}  // namespace tessera
