// Doubling by linear interpolation against the formula, one mode after the other, and its adjoint
// by inner products, on any number of ranks.

#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "slab_maps.hpp"
#include "tessera/network/upsampling.hpp"

namespace tessera {
namespace {

using test_support::held_part;
using test_support::own_difference;
using test_support::own_part;
using test_support::slab_of;
using test_support::whole_map;

// Interpolates one mode: fine site p lies at (p + 1/2) / 2 - 1/2, held inside the coarse sites.
std::vector<double> doubled(const std::vector<double>& map, const Extents& shape, int mode,
                            Index extent) {
    Extents fine = shape;
    fine[mode] = extent;
    std::vector<double> result(static_cast<std::size_t>(fine.product()));
    for (Index i = 0; i < fine.product(); ++i) {
        Extents position = row_major_position(i, fine);
        const double at = std::max(0.0, (static_cast<double>(position[mode]) + 0.5) / 2.0 - 0.5);
        const Index lower = static_cast<Index>(at);
        const double weight = at - static_cast<double>(lower);
        position[mode] = lower;
        const double first = map[static_cast<std::size_t>(row_major_offset(position, shape))];
        position[mode] = std::min(lower + 1, shape[mode] - 1);
        const double second = map[static_cast<std::size_t>(row_major_offset(position, shape))];
        result[static_cast<std::size_t>(i)] = (1.0 - weight) * first + weight * second;
    }
    return result;
}

class UpsamplingSites : public ::testing::TestWithParam<Extents> {};

TEST_P(UpsamplingSites, InterpolatesAndAppends) {
    constexpr Index channels = 5;
    constexpr Index skips = 2;
    const SiteSlab fine = slab_of(Communicator::world(), GetParam(), 1);
    const SiteSlab coarse = fine.coarser();
    const std::vector<double> whole = whole_map(coarse.sites(), channels, 1);
    const std::vector<double> skip = whole_map(fine.sites(), skips, 2);
    std::vector<Index> shape = coarse.sites().to_vector();
    shape.push_back(channels);
    std::vector<double> interpolated = whole;
    for (int mode = 0; mode < fine.sites().order(); ++mode) {
        interpolated = doubled(interpolated, Extents(shape), mode, fine.sites()[mode]);
        shape[static_cast<std::size_t>(mode)] = fine.sites()[mode];
    }
    std::vector<double> expected;
    for (std::size_t site = 0; site < static_cast<std::size_t>(fine.sites().product()); ++site) {
        for (std::size_t c = 0; c < skips; ++c) {
            expected.push_back(skip[site * skips + c]);
        }
        for (std::size_t c = 0; c < channels; ++c) {
            const double value = interpolated[site * channels + c];
            expected.push_back(value > 0.0 ? value : 0.2 * value);
        }
    }
    Upsampling<double> layer(coarse, fine, channels, skips);
    const HostView<double> input = held_part<double>(coarse, whole, channels);
    const HostView<double> beside = own_part<double>(fine, skip, skips);
    HostView<double> output("output",
                            static_cast<std::size_t>(fine.held_sites() * layer.channels()));
    layer.forward({input.data(), channels}, {beside.data(), skips}, 0.2, output.data(), nullptr);
    EXPECT_NEAR_ALL_RANKS(own_difference(fine, output, expected, layer.channels()), 0.0, 1e-14);
}

TEST_P(UpsamplingSites, BackwardIsTheAdjoint) {
    constexpr Index channels = 3;
    constexpr Index skips = 1;
    const Communicator& world = Communicator::world();
    const SiteSlab fine = slab_of(world, GetParam(), 1);
    const SiteSlab coarse = fine.coarser();
    Upsampling<double> layer(coarse, fine, channels, skips);
    const auto part = [&](const SiteSlab& slab, Index width, std::uint32_t key) {
        return held_part<double>(slab, whole_map(slab.sites(), width, key), width);
    };
    const auto own_product = [&](const SiteSlab& slab, const HostView<double>& a,
                                 const HostView<double>& b, Index width) {
        double sum = 0.0;
        for (Index i = 0; i < slab.own_sites() * width; ++i) {
            sum += a(slab.own_offset() * width + i) * b(slab.own_offset() * width + i);
        }
        return world.sum(sum);
    };
    const HostView<double> input = part(coarse, channels, 1);
    const HostView<double> skip = part(fine, skips, 2);
    const HostView<double> gradient = part(fine, layer.channels(), 3);
    HostView<double> output("output", gradient.extent(0));
    layer.forward({input.data(), channels}, {skip.data(), skips}, 1.0, output.data(), nullptr);
    HostView<double> of_input("of input", input.extent(0));
    HostView<double> of_skip("of skip", skip.extent(0));
    layer.backward(gradient.data(), of_input.data(), of_skip.data());
    EXPECT_NEAR_ALL_RANKS(
        own_product(fine, gradient, output, layer.channels()),
        own_product(coarse, input, of_input, channels) + own_product(fine, skip, of_skip, skips),
        1e-11);
}

INSTANTIATE_TEST_SUITE_P(Sites, UpsamplingSites,
                         ::testing::Values(Extents{16}, Extents{9}, Extents{8, 6}, Extents{5, 7},
                                           Extents{6, 5, 7}));

}  // namespace
}  // namespace tessera
