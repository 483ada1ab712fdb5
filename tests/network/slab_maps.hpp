#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "tessera/base/memory.hpp"
#include "tessera/base/random.hpp"
#include "tessera/network/site_slab.hpp"

/// Whole maps that every rank knows, and this rank's part of them.

namespace tessera::test_support {

/// Uniform numbers of -1 to 1 for `sites` x `channels`, another map for every key.
inline std::vector<double> whole_map(const Extents& sites, Index channels, std::uint32_t key) {
    std::vector<double> map(static_cast<std::size_t>(sites.product() * channels));
    const Random random(5, key);
    for (std::size_t i = 0; i < map.size(); ++i) {
        map[i] = 2.0 * random.uniform(static_cast<Index>(i)) - 1.0;
    }
    return map;
}

/// The ranges of `world`'s ranks; of 7 sites over 4 ranks one rank has a single one.
inline SiteSlab slab_of(const Communicator& world, const Extents& sites, Index halo) {
    return {world, sites, block_range(sites[0], world.size(), world.rank()), halo};
}

/// The own sites of a whole map, with NaN where the halo has not been filled.
template <typename T>
HostView<T> own_part(const SiteSlab& slab, const std::vector<double>& whole, Index channels) {
    HostView<T> part("part", static_cast<std::size_t>(slab.held_sites() * channels));
    Kokkos::deep_copy(part, std::numeric_limits<T>::quiet_NaN());
    const Index row = slab.row_sites() * channels;
    for (Index i = 0; i < slab.own_sites() * channels; ++i) {
        part(slab.own_offset() * channels + i) =
            static_cast<T>(whole[static_cast<std::size_t>(slab.own().begin * row + i)]);
    }
    return part;
}

/// The same with the halo.
template <typename T>
HostView<T> held_part(const SiteSlab& slab, const std::vector<double>& whole, Index channels) {
    HostView<T> part = own_part<T>(slab, whole, channels);
    slab.fill_halo(part.data(), channels);
    return part;
}

/// The largest difference between the own sites of a part and those of a whole map.
template <typename T>
double own_difference(const SiteSlab& slab, const HostView<T>& part,
                      const std::vector<double>& whole, Index channels) {
    double largest = 0.0;
    const Index row = slab.row_sites() * channels;
    for (Index i = 0; i < slab.own_sites() * channels; ++i) {
        const double difference =
            std::abs(static_cast<double>(part(slab.own_offset() * channels + i)) -
                     whole[static_cast<std::size_t>(slab.own().begin * row + i)]);
        largest = difference <= largest ? largest : difference;  // NaN counts
    }
    return largest;
}

}  // namespace tessera::test_support
