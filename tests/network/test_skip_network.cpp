// The skip network: parameter counts of the literature, gradients against central differences, the
// same network on any number of ranks, fewer scales where an extent is short.

#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "generator_checks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/network/skip_network.hpp"

namespace tessera {
namespace {

using test_support::check_gradient;
using test_support::check_ranks;
using test_support::make_generator;

GeneratorOptions small_options() {
    GeneratorOptions options;
    options.channels = 6;
    options.scales = 3;
    options.skip_channels = 2;
    options.input_scale = 1.0;
    return options;
}

Index parameter_count(const Extents& sites, Index channels, Index rank) {
    GeneratorOptions options;
    options.channels = channels;
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    return make_generator<float>(options, sites, rank, self)->parameters().shared_size();
}

// Counts of the public implementation with default widths (arXiv 2204.03145), made with PyTorch.
TEST(SkipNetworkOneRank, HasTheKnownNumbersOfParameters) {
    EXPECT_EQ(parameter_count({33}, 128, 10), 794006);
    EXPECT_EQ(parameter_count({33}, 128, 20), 799176);
    EXPECT_EQ(parameter_count({33}, 128, 32), 805380);
    EXPECT_EQ(parameter_count({33}, 128, 1000), 1305836);
    EXPECT_EQ(parameter_count({33, 33}, 128, 20), 2206152);
    EXPECT_EQ(parameter_count({33, 33}, 64, 32), 574340);
    EXPECT_EQ(parameter_count({33}, 64, 32), 210308);
}

TEST(SkipNetworkOneRank, UsesAsManyScalesAsFit) {
    EXPECT_EQ(SkipNetwork<float>::most_scales({33}), 5);
    EXPECT_EQ(SkipNetwork<float>::most_scales({32}), 4);
    EXPECT_EQ(SkipNetwork<float>::most_scales({500, 31}), 4);
    EXPECT_EQ(SkipNetwork<float>::most_scales({3}), 1);
    EXPECT_EQ(SkipNetwork<float>::most_scales({2, 90}), 0);
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    GeneratorOptions options = small_options();
    options.scales = 5;
    // The finest scale has 422, the two others 502 each, the head 14.
    EXPECT_EQ(make_generator<float>(options, {12}, 2, self)->describe(),
              "skip network, 3 scales of 6 channels, 1440 parameters (5 scales do not fit into 12 "
              "sites)");
    EXPECT_THROW(make_generator<float>(options, {2, 64}, 2, self), UsageError);
}

TEST(SkipNetworkOneRank, GradientsAreThoseOfCentralDifferences) {
    for (const Extents& sites : {Extents{21}, Extents{17, 10}, Extents{9, 5, 6}}) {
        SCOPED_TRACE(sites.to_string());
        check_gradient(small_options(), sites, 3);
    }
}

TEST(SkipNetworkOneRank, GradientsWithFourierInputAndJitter) {
    GeneratorOptions options = small_options();
    options.input = InputKind::fourier;
    options.input_channels = 8;
    options.jitter = 0.1;
    check_gradient(options, {19}, 3);
    options.learn_input = false;
    check_gradient(options, {12, 11}, 2);
}

TEST(SkipNetwork, IsTheSameOnAnyNumberOfRanks) {
    for (const Extents& sites : {Extents{45}, Extents{22, 13}, Extents{11, 6, 7}, Extents{5, 40}}) {
        SCOPED_TRACE(sites.to_string());
        GeneratorOptions options = small_options();
        options.jitter = 0.05;
        check_ranks<double>(options, sites, 3, 1e-11);
        check_ranks<float>(options, sites, 3, 1e-4);
    }
}

// Forward and backward exchange 4 halos each per scale. What a rank with one neighbour sends is one
// row of each map.
TEST(SkipNetwork, ExchangesAsManyHalosAndBytesAsItsReadmeSays) {
    const Communicator& world = Communicator::world();
    const Extents sites{64, 24};
    const GeneratorOptions options = small_options();
    const auto generator = make_generator<float>(options, sites, 3, world);
    const auto halo = [] {
        const auto found = profile_records().find("network/halo");
        return found != profile_records().end() ? found->second : PhaseRecord{};
    };
    const PhaseRecord before = halo();
    const auto loss = test_support::linear_loss(generator->forward(0), 0, world);
    generator->backward(loss.gradient);
    const PhaseRecord after = halo();
    double row_entries = 0.0;
    double width = 24.0;
    for (const double inputs : {3.0, 6.0, 6.0}) {
        // Forward: the input (at scale 0) or pointwise, joined, and at half the width down and
        // deeper. Backward: gradients of joined and of the scale's input, and at half the width of
        // the doubled map and of down.
        row_entries += width * (inputs + 8.0 + 8.0 + inputs) + width / 2.0 * 4.0 * 6.0;
        width /= 2.0;
    }
    if (world.size() == 1) {
        EXPECT_EQ(after.calls, before.calls);
    } else if (world.size() == 2) {
        EXPECT_ALL_RANKS(after.calls - before.calls == 24);
        EXPECT_NEAR_ALL_RANKS(after.bytes - before.bytes, 4.0 * row_entries, 0.5);
    }
}

TEST(SkipNetworkOneRank, JitterIsAFunctionOfTheStep) {
    GeneratorOptions options = small_options();
    options.jitter = 0.05;
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    const auto generator = make_generator<double>(options, {30}, 2, self);
    const double first = generator->forward(8)(3, 1);
    const double other = generator->forward(9)(3, 1);
    EXPECT_NE(first, other);
    EXPECT_EQ(generator->forward(8)(3, 1), first);
}

}  // namespace
}  // namespace tessera
