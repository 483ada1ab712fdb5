// The deep decoder: parameter count, gradients against central differences, any number of ranks.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "all_ranks.hpp"
#include "generator_checks.hpp"
#include "tessera/network/deep_decoder.hpp"

namespace tessera {
namespace {

using test_support::check_gradient;
using test_support::check_ranks;
using test_support::make_generator;

GeneratorOptions small_options() {
    GeneratorOptions options;
    options.kind = GeneratorKind::deep_decoder;
    options.channels = 6;
    options.scales = 2;
    options.input_scale = 1.0;
    return options;
}

// 6 x 128 x 128 + 6 x 256 + 128 x 20, as the public implementation has (arXiv 2204.03145).
TEST(DeepDecoderOneRank, HasTheKnownNumberOfParameters) {
    GeneratorOptions options;
    options.kind = GeneratorKind::deep_decoder;
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    EXPECT_EQ(make_generator<float>(options, {64}, 20, self)->parameters().shared_size(), 102400);
    EXPECT_EQ(make_generator<float>(options, {64, 32}, 20, self)->describe(),
              "deep decoder, 5 doublings of 128 channels, 102400 parameters");
}

// A map of one site is normalised to 0 in every channel, and all after it stay the same everywhere.
TEST(DeepDecoderOneRank, StaysAliveOnFewSites) {
    EXPECT_EQ(DeepDecoder<float>::most_doublings({64}), 5);
    EXPECT_EQ(DeepDecoder<float>::most_doublings({7}), 2);
    EXPECT_EQ(DeepDecoder<float>::most_doublings({64, 32}), 5);
    EXPECT_EQ(DeepDecoder<float>::most_doublings({2}), 0);
    EXPECT_EQ(DeepDecoder<float>::most_doublings({9, 1}), 0);
    GeneratorOptions options = small_options();
    options.scales = 5;
    const Communicator self = Communicator::world().split(Communicator::world().rank(), 0);
    for (const Extents& sites : {Extents{7}, Extents{2}, Extents{4, 3}}) {
        const auto generator = make_generator<double>(options, sites, 3, self);
        const FactorMatrix<const double> rows = generator->forward(0);
        double spread = 0.0;
        for (Index site = 1; site < sites.product(); ++site) {
            spread = std::max(spread, std::abs(rows(site, 0) - rows(0, 0)));
        }
        EXPECT_GT(spread, 0.01) << sites.to_string();
    }
}

TEST(DeepDecoderOneRank, GradientsAreThoseOfCentralDifferences) {
    for (const Extents& sites : {Extents{16}, Extents{13, 10}, Extents{9, 6, 5}}) {
        SCOPED_TRACE(sites.to_string());
        check_gradient(small_options(), sites, 3);
    }
}

TEST(DeepDecoder, IsTheSameOnAnyNumberOfRanks) {
    for (const Extents& sites : {Extents{32}, Extents{22, 13}, Extents{5, 6, 7}}) {
        SCOPED_TRACE(sites.to_string());
        check_ranks<double>(small_options(), sites, 3, 1e-11, 2);
        check_ranks<float>(small_options(), sites, 3, 1e-4, 2);
    }
}

}  // namespace
}  // namespace tessera
