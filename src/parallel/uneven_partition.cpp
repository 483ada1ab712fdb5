#include "tessera/parallel/uneven_partition.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "tessera/base/error.hpp"

namespace tessera {
namespace {

std::vector<std::vector<Index>> even_cuts(const Extents& shape, const Extents& dims) {
    std::vector<std::vector<Index>> cuts;
    for (int mode = 0; mode < shape.order(); ++mode) {
        cuts.push_back({0});
        for (Index part = 0; part < dims[mode]; ++part) {
            cuts.back().push_back(block_range(shape[mode], dims[mode], part).end);
        }
    }
    return cuts;
}

}  // namespace

UnevenPartition::UnevenPartition(const Partition& partition)
    : UnevenPartition(partition.shape(), partition.grid(),
                      even_cuts(partition.shape(), partition.grid().dims())) {}

UnevenPartition::UnevenPartition(const Extents& shape, ProcessGrid grid,
                                 std::vector<std::vector<Index>> cuts)
    : shape_(shape), grid_(std::move(grid)), cuts_(std::move(cuts)) {
    TESSERA_ASSERT(
        shape_.order() == grid_.order() && static_cast<int>(cuts_.size()) == shape_.order(),
        "a partition needs one grid extent and one list of cuts per mode");
    for (int mode = 0; mode < order(); ++mode) {
        const std::vector<Index>& own = cuts_[static_cast<std::size_t>(mode)];
        TESSERA_ASSERT(static_cast<Index>(own.size()) == grid_.dims()[mode] + 1 &&
                           own.front() == 0 && own.back() == shape_[mode] &&
                           std::is_sorted(own.begin(), own.end()),
                       "cuts ascend from 0 to the extent of their mode");
    }
}

Box UnevenPartition::box(int rank) const {
    const Extents place = grid_.coordinates(rank);
    Box box{shape_, shape_};
    for (int mode = 0; mode < order(); ++mode) {
        const auto part = static_cast<std::size_t>(place[mode]);
        box.begin[mode] = cuts(mode)[part];
        box.end[mode] = cuts(mode)[part + 1];
    }
    return box;
}

Index UnevenPartition::part(int mode, Index position) const {
    const std::vector<Index>& own = cuts(mode);
    return std::upper_bound(own.begin(), own.end(), position) - own.begin() - 1;
}

std::vector<Index> balanced_cuts(const std::vector<Index>& weights, Index width, Index extent,
                                 Index parts) {
    const Index total = std::accumulate(weights.begin(), weights.end(), Index{0});
    std::vector<Index> cuts = {0};
    std::size_t bin = 0;
    Index before = 0;  // weight of all bins before `bin`
    for (Index part = 1; part < parts; ++part) {
        Index cut = block_range(extent, parts, part).begin;
        if (total > 0) {
            const double target =
                static_cast<double>(total) * static_cast<double>(part) / static_cast<double>(parts);
            // A bin goes to the left side when more than half of it does.
            while (bin < weights.size() &&
                   static_cast<double>(before) + 0.5 * static_cast<double>(weights[bin]) < target) {
                before += weights[bin++];
            }
            cut = static_cast<Index>(bin) * width;
        }
        const Index least = std::min(cuts.back() + 1, extent);
        const Index most = std::max(least, extent - (parts - part));
        cuts.push_back(std::clamp(cut, least, most));
    }
    cuts.push_back(extent);
    return cuts;
}

}  // namespace tessera
