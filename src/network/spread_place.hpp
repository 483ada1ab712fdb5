#pragma once

#include <Kokkos_Core.hpp>

#include "tessera/base/archive.hpp"

namespace tessera {

/// The place of `channels` numbers at each site of a rank's box of the grid of sites.
inline BlockPlace spread_place(const Extents& sites, const Box& local, Index channels) {
    const auto append = [](const Extents& modes, Index last) {
        std::vector<Index> values = modes.to_vector();
        values.push_back(last);
        return Extents(values);
    };
    return {append(sites, channels), {append(local.begin, 0), append(local.end, channels)}};
}

/// Sets the entries of a rank's part, row-major, to value_at(global offset).
template <typename T, typename ValueAt>
void fill_spread(const BlockPlace& place, T* data, const ValueAt& value_at) {
    const Extents shape = place.box.shape();
    Kokkos::parallel_for("tessera::fill_spread",
                         Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace>(0, shape.product()),
                         [&](Index i) {
                             Extents position = row_major_position(i, shape);
                             for (int mode = 0; mode < position.order(); ++mode) {
                                 position[mode] += place.box.begin[mode];
                             }
                             data[i] = value_at(row_major_offset(position, place.shape));
                         });
    Kokkos::DefaultHostExecutionSpace().fence("tessera::fill_spread");
}

}  // namespace tessera
