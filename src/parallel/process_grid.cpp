#include "tessera/parallel/process_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

using Dims = std::vector<Index>;

/// What makes one grid better than another: the smaller one wins, entry by entry.
struct Cost {
    bool has_idle_ranks;  ///< some mode has more parts than slices
    Index largest_block;  ///< entries: the load of the slowest rank
    Index cut_surface;    ///< entries on one side of all cuts: the volume of a halo exchange

    [[nodiscard]] auto key() const { return std::tie(has_idle_ranks, largest_block, cut_surface); }
};

Cost cost(const Dims& dims, const Extents& shape) {
    Cost result{false, 1, 0};
    for (int mode = 0; mode < shape.order(); ++mode) {
        const Index slices = shape[mode];
        const Index parts = dims[static_cast<std::size_t>(mode)];
        const Index slice_size = shape.product(0, mode) * shape.product(mode + 1, shape.order());
        const Index cuts = std::max(Index{0}, std::min(parts, slices) - 1);
        result.has_idle_ranks = result.has_idle_ranks || parts > slices;
        result.largest_block *= (slices + parts - 1) / parts;
        result.cut_surface += cuts * slice_size;
    }
    return result;
}

std::vector<Index> divisors_of(Index number) {
    std::vector<Index> divisors;
    for (Index candidate = 1; candidate <= number; ++candidate) {
        if (number % candidate == 0) {
            divisors.push_back(candidate);
        }
    }
    return divisors;
}

/// Calls `visit` with every way to write `remaining` as a product over the modes from `mode` on;
/// for equal costs the first one counts, which cuts the slower modes and so keeps rows whole.
template <typename Visit>
void for_each_grid(Dims& dims, std::size_t mode, Index remaining,
                   const std::vector<bool>& may_split, const Dims& divisors, const Visit& visit) {
    if (mode == dims.size()) {
        if (remaining == 1) {
            visit(dims);
        }
        return;
    }
    for (auto parts = divisors.rbegin(); parts != divisors.rend(); ++parts) {
        if (remaining % *parts == 0 && (*parts == 1 || may_split[mode])) {
            dims[mode] = *parts;
            for_each_grid(dims, mode + 1, remaining / *parts, may_split, divisors, visit);
        }
    }
}

Dims best_grid(const Extents& shape, const std::vector<bool>& may_split, Index ranks) {
    std::optional<Cost> lowest;
    Dims best;
    Dims dims(may_split.size(), 1);
    for_each_grid(dims, 0, ranks, may_split, divisors_of(ranks), [&](const Dims& candidate) {
        const Cost price = cost(candidate, shape);
        if (!lowest || price.key() < lowest->key()) {
            lowest = price;
            best = candidate;
        }
    });
    TESSERA_ASSERT(lowest.has_value(), "several ranks need a mode that may be split");
    return best;
}

std::string count_of_ranks(double ranks) {
    return fmt::format("{:.0f} rank{}", ranks, ranks == 1.0 ? "" : "s");
}

}  // namespace

ProcessGrid::ProcessGrid(Communicator communicator, const Extents& dims)
    : communicator_(std::move(communicator)), dims_(dims) {
    double product = 1.0;  // dims come from a deck: their product may be beyond any integer
    bool all_positive = true;
    for (int mode = 0; mode < dims.order(); ++mode) {
        product *= static_cast<double>(dims[mode]);
        all_positive = all_positive && dims[mode] >= 1;
    }
    if (!all_positive) {
        throw UsageError(fmt::format(
            "parallel.grid is {}, but every entry must be at least 1: give the number of parts of "
            "each mode, or leave parallel.grid out",
            dims.to_string()));
    }
    if (product != static_cast<double>(communicator_.size())) {
        throw UsageError(
            fmt::format("parallel.grid is {} ({}), but the job has {}: give a grid whose product "
                        "is {}, or leave "
                        "parallel.grid out",
                        dims.to_string(), count_of_ranks(product),
                        count_of_ranks(communicator_.size()), communicator_.size()));
    }
}

ProcessGrid ProcessGrid::automatic(const Communicator& communicator, const Extents& shape,
                                   const std::vector<bool>& may_split) {
    return {communicator, automatic_dims(communicator.size(), shape, may_split)};
}

Extents ProcessGrid::automatic_dims(Index ranks, const Extents& shape,
                                    const std::vector<bool>& may_split) {
    TESSERA_ASSERT(may_split.size() == static_cast<std::size_t>(shape.order()),
                   "may_split needs one entry per mode");
    return Extents(best_grid(shape, may_split, ranks));
}

Extents ProcessGrid::coordinates(int rank) const { return row_major_position(rank, dims_); }

Communicator ProcessGrid::along(const std::vector<bool>& modes) const {
    TESSERA_ASSERT(modes.size() == static_cast<std::size_t>(order()), "one entry per mode");
    const Extents place = coordinates();
    Index colour = 0;
    Index key = 0;
    for (int mode = 0; mode < order(); ++mode) {
        Index& index = modes[static_cast<std::size_t>(mode)] ? key : colour;
        index = index * dims_[mode] + place[mode];
    }
    return communicator_.split(static_cast<int>(colour), static_cast<int>(key));
}

}  // namespace tessera
