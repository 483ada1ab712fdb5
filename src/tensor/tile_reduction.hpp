#pragma once

#include <Kokkos_Core.hpp>
#include <string>

#include "tessera/base/types.hpp"

/// Reductions in float64 over many entries. The order of additions is fixed by the number of
/// entries and of threads, so the same run gives the same bits.
///
/// On a CPU a work item is a tile that is added up in independent lanes: without -ffast-math a
/// compiler may not reorder a plain sum, and would then wait for every addition. On a GPU an item
/// is one entry, so that neighbouring threads read neighbouring memory.

namespace tessera::detail {

using ExecutionSpace = Kokkos::DefaultExecutionSpace;
using Items = Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>;

inline constexpr bool runs_on_host =
    Kokkos::SpaceAccessibility<ExecutionSpace, Kokkos::HostSpace>::accessible;
inline constexpr Index tile_entries = runs_on_host ? 1024 : 1;
inline constexpr int lanes = runs_on_host ? 16 : 1;

/// join(...join(identity, term(begin))..., term(end - 1)), in lanes.
template <typename Term, typename Join>
KOKKOS_INLINE_FUNCTION double fold(Index begin, Index end, double identity, const Term& term,
                                   const Join& join) {
    double parts[lanes];
    for (double& part : parts) {
        part = identity;
    }
    Index i = begin;
    for (; i + lanes <= end; i += lanes) {
        for (int lane = 0; lane < lanes; ++lane) {
            parts[lane] = join(parts[lane], term(i + lane));
        }
    }
    for (; i < end; ++i) {
        parts[0] = join(parts[0], term(i));
    }
    for (int lane = 1; lane < lanes; ++lane) {
        parts[0] = join(parts[0], parts[lane]);
    }
    return parts[0];
}

struct Add {
    KOKKOS_INLINE_FUNCTION double operator()(double a, double b) const { return a + b; }
};
struct Smaller {
    KOKKOS_INLINE_FUNCTION double operator()(double a, double b) const { return b < a ? b : a; }
};
struct Larger {
    KOKKOS_INLINE_FUNCTION double operator()(double a, double b) const { return a < b ? b : a; }
};

/// Runs work(begin, end) for all tiles.
template <typename OfTile>
void for_each_tile(const std::string& name, Index count, const OfTile& work) {
    Kokkos::parallel_for(
        name, Items(0, (count + tile_entries - 1) / tile_entries), KOKKOS_LAMBDA(const Index tile) {
            const Index begin = tile * tile_entries;
            work(begin, Kokkos::min(begin + tile_entries, count));
        });
}

/// Sum of the values of all tiles, value(begin, end) each. A value starts out, by its default
/// constructor, as what `+=` leaves alone.
template <typename Value, typename OfTile>
Value reduce_tiles(const std::string& name, Index count, const OfTile& of_tile) {
    Value total{};
    Kokkos::parallel_reduce(
        name, Items(0, (count + tile_entries - 1) / tile_entries),
        KOKKOS_LAMBDA(const Index tile, Value& sum) {
            const Index begin = tile * tile_entries;
            const Index end = Kokkos::min(begin + tile_entries, count);
            sum += of_tile(begin, end);
        },
        total);
    return total;
}

}  // namespace tessera::detail
