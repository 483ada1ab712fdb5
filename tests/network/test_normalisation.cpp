// Normalisation with leaky ReLU against its definition on the whole map, and its gradients against
// central differences, on any number of ranks.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "all_ranks.hpp"
#include "slab_maps.hpp"
#include "tessera/network/normalisation.hpp"

namespace tessera {
namespace {

using test_support::own_difference;
using test_support::own_part;
using test_support::slab_of;
using test_support::whole_map;

constexpr double slope = 0.2;

// The definition: y of a whole map.
std::vector<double> normalised(const std::vector<double>& map, Index channels,
                               const std::vector<double>& gamma, const std::vector<double>& beta) {
    const auto width = static_cast<std::size_t>(channels);
    const double sites = static_cast<double>(map.size()) / static_cast<double>(width);
    std::vector<double> result(map.size());
    for (std::size_t c = 0; c < width; ++c) {
        double mean = 0.0;
        double variance = 0.0;
        for (std::size_t i = c; i < map.size(); i += width) {
            mean += map[i] / sites;
        }
        for (std::size_t i = c; i < map.size(); i += width) {
            variance += (map[i] - mean) * (map[i] - mean) / sites;
        }
        for (std::size_t i = c; i < map.size(); i += width) {
            const double v = gamma[c] * (map[i] - mean) / std::sqrt(variance + 1e-5) + beta[c];
            result[i] = v > 0.0 ? v : slope * v;
        }
    }
    return result;
}

double product(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

class NormalisationChannels : public ::testing::TestWithParam<Index> {};

TEST_P(NormalisationChannels, AgreesWithItsDefinitionAndCentralDifferences) {
    const Index channels = GetParam();
    const auto width = static_cast<std::size_t>(channels);
    const Communicator& world = Communicator::world();
    const SiteSlab slab = slab_of(world, {9, 8}, 1);
    ParameterStore<double> store;
    Normalisation<double> layer(slab, channels, slope, store, "layer");
    store.allocate("store");
    layer.initialise();
    std::vector<double> gamma;
    std::vector<double> beta;
    for (Index c = 0; c < channels; ++c) {
        gamma.push_back(store.value()(c) = 0.5 + 0.1 * static_cast<double>(c % 20));
        beta.push_back(store.value()(channels + c) = 0.05 * static_cast<double>(c % 20) - 0.1);
    }
    const std::vector<double> whole = whole_map(slab.sites(), channels, 1);
    const HostView<double> map = own_part<double>(slab, whole, channels);
    layer.begin();
    layer.accumulate(map.data() + slab.own_offset() * channels, slab.own_sites());
    layer.finish();
    HostView<double> result("result", map.extent(0));
    for (Index site = slab.own_offset(); site < slab.own_offset() + slab.own_sites(); ++site) {
        layer.reader(map.data()).read(site, result.data() + site * channels);
    }
    const std::vector<double> expected = normalised(whole, channels, gamma, beta);
    EXPECT_NEAR_ALL_RANKS(own_difference(slab, result, expected, channels), 0.0, 1e-12);

    // loss = (of_output, y)
    const std::vector<double> of_output = whole_map(slab.sites(), channels, 2);
    const HostView<double> gradient = own_part<double>(slab, of_output, channels);
    layer.backward(map.data(), gradient.data());
    world.sum_in_place(store.gradient().data(), store.size());
    constexpr double step = 1e-6;
    // Of sums over all entries, whose differences are divided by the step.
    const double rounding = 1e-8 * static_cast<double>(std::max<Index>(10, channels));
    const auto difference = [&](std::vector<double>& variable, std::size_t i,
                                std::vector<double>& values) {
        const double kept = variable[i];
        variable[i] = kept + step;
        const double above = product(of_output, normalised(values, channels, gamma, beta));
        variable[i] = kept - step;
        const double below = product(of_output, normalised(values, channels, gamma, beta));
        variable[i] = kept;
        return (above - below) / (2.0 * step);
    };
    std::vector<double> values = whole;
    for (std::size_t c = 0; c < width; ++c) {
        EXPECT_NEAR_ALL_RANKS(store.gradient()(c), difference(gamma, c, values), rounding);
        EXPECT_NEAR_ALL_RANKS(store.gradient()(width + c), difference(beta, c, values), rounding);
    }
    std::vector<double> of_input(whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        of_input[i] = difference(values, i, values);
    }
    EXPECT_NEAR_ALL_RANKS(own_difference(slab, gradient, of_input, channels), 0.0, rounding);
}

// Blocks of 128 channels, and the rest beside them.
INSTANTIATE_TEST_SUITE_P(Sizes, NormalisationChannels, ::testing::Values(3, 20, 133));

// A mean of 300 times the spread: squares in float32 would leave errors of 1e-2 of the variance.
// The values and the result are rounded to 300 times 6e-8.
TEST(Normalisation, LargeMeansLeaveTheSpreadInFloat) {
    constexpr Index channels = 130;
    const SiteSlab slab = slab_of(Communicator::world(), {30, 20}, 1);
    ParameterStore<float> store;
    Normalisation<float> layer(slab, channels, 0.2F, store, "layer");
    store.allocate("store");
    layer.initialise();
    std::vector<double> whole = whole_map(slab.sites(), channels, 1);
    for (double& value : whole) {
        value = static_cast<double>(static_cast<float>(value + 300.0));
    }
    const HostView<float> map = own_part<float>(slab, whole, channels);
    layer.begin();
    layer.accumulate(map.data() + slab.own_offset() * channels, slab.own_sites());
    layer.finish();
    HostView<float> result("result", map.extent(0));
    for (Index site = slab.own_offset(); site < slab.own_offset() + slab.own_sites(); ++site) {
        layer.reader(map.data()).read(site, result.data() + site * channels);
    }
    const std::vector<double> expected = normalised(
        whole, channels, std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0));
    EXPECT_NEAR_ALL_RANKS(own_difference(slab, result, expected, channels), 0.0, 2e-4);
}

}  // namespace
}  // namespace tessera
