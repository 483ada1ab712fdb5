#include "tessera/method/factor_networks/fit_traffic.hpp"

#include <algorithm>
#include <cmath>

#include "tessera/network/generator_counts.hpp"
#include "tessera/parallel/box_exchange.hpp"
#include "tessera/parallel/partition.hpp"

namespace tessera {
namespace {

void add_reduction(FitTraffic& traffic, double bytes) {
    if (bytes > 0.0) {
        traffic.reductions += 1.0;
        traffic.reduced_bytes += bytes;
    }
}

/// Messages of so many bytes: BoxExchange halves boxes until they are short enough.
void add_message(FitTraffic& traffic, double bytes) {
    const double most = BoxExchange::default_message_bytes;
    traffic.messages += bytes > most ? std::exp2(std::ceil(std::log2(bytes / most))) : 1.0;
    traffic.bytes += bytes;
}

/// Where the ranks' blocks lie in the modes of a spread factor, and which rows its network makes.
struct SpreadSites {
    std::vector<Box> blocks;
    std::vector<Box> slabs;
    std::vector<bool> owners;  ///< of the rows of their blocks: the first rank that has them

    [[nodiscard]] bool travel() const { return !(blocks == slabs); }
};

SpreadSites spread_sites(const FactorModes& modes, const Extents& shape, const Extents& grid) {
    SpreadSites sites;
    const Index ranks = grid.product();
    const Extents extents = modes.of(shape);
    for (Index rank = 0; rank < ranks; ++rank) {
        const Extents place = row_major_position(rank, grid);
        Box block{extents, extents};
        Box slab{Extents::filled(extents.order(), 0), extents};
        bool owner = true;
        for (int mode = 0; mode < shape.order(); ++mode) {
            const int own = mode - modes.first;
            if (own < 0 || mode >= modes.last) {
                owner = owner && place[mode] == 0;
                continue;
            }
            const Range range = block_range(shape[mode], grid[mode], place[mode]);
            block.begin[own] = range.begin;
            block.end[own] = range.end;
        }
        const Range rows = block_range(extents[0], ranks, rank);
        slab.begin[0] = rows.begin;
        slab.end[0] = rows.end;
        sites.blocks.push_back(block);
        sites.slabs.push_back(slab);
        sites.owners.push_back(owner);
    }
    return sites;
}

/// Rows travel from slabs to blocks, and their gradient back from those who own it.
void add_travel(const SpreadSites& sites, double row_bytes, std::vector<FitTraffic>& traffic) {
    const std::size_t ranks = traffic.size();
    for (std::size_t slab = 0; slab < ranks; ++slab) {
        // Both exchanges agree on whether there is room for their messages.
        add_reduction(traffic[slab], sizeof(int));
        add_reduction(traffic[slab], sizeof(int));
        for (std::size_t block = 0; block < ranks; ++block) {
            const Box common = intersection(sites.slabs[slab], sites.blocks[block]);
            if (block == slab || common.size() == 0) {
                continue;
            }
            const double bytes = static_cast<double>(common.size()) * row_bytes;
            add_message(traffic[slab], bytes);
            if (sites.owners[block]) {
                add_message(traffic[block], bytes);
            }
        }
    }
}

}  // namespace

std::vector<FitTraffic> fit_traffic(const FactorLayout& layout, const GeneratorOptions& generator,
                                    const Extents& shape, const Extents& grid,
                                    std::size_t scalar_bytes, int sums) {
    std::vector<FitTraffic> traffic(static_cast<std::size_t>(grid.product()));
    if (traffic.size() == 1) {
        return traffic;
    }
    const auto for_all = [&](double bytes) {
        for (FitTraffic& each : traffic) {
            add_reduction(each, bytes);
        }
    };
    for_all(static_cast<double>(sums) * sizeof(double));
    if (layout.learns_centre()) {
        for_all(sizeof(double) * static_cast<double>(layout.centre_size()));
    }
    for (std::size_t f = 0; f < layout.generators(); ++f) {
        if (!layout.learns(f)) {
            continue;
        }
        const FactorModes& modes = layout.factors[f];
        const Extents extents = modes.of(shape);
        const auto columns = static_cast<double>(layout.widths[f]);
        if (!layout.spread(f)) {
            for_all(sizeof(double) * static_cast<double>(extents.product()) * columns);
            continue;
        }
        const SpreadSites sites = spread_sites(modes, shape, grid);
        const bool shared = modes.of(grid).product() < grid.product();
        const std::vector<GeneratorTraffic> network =
            generator_traffic(generator, extents, grid.product(), layout.widths[f], scalar_bytes);
        for (std::size_t rank = 0; rank < traffic.size(); ++rank) {
            const auto rows = static_cast<double>(sites.blocks[rank].size());
            add_reduction(traffic[rank], shared ? sizeof(double) * rows * columns : 0.0);
            traffic[rank].messages += network[rank].halo_messages;
            traffic[rank].bytes += network[rank].halo_bytes;
            traffic[rank].reductions += network[rank].reductions;
            traffic[rank].reduced_bytes += network[rank].reduced_bytes;
        }
        if (sites.travel()) {
            add_travel(sites, columns * static_cast<double>(scalar_bytes), traffic);
        }
    }
    return traffic;
}

}  // namespace tessera
