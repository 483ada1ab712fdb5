#include "tessera/parallel/partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tessera/base/error.hpp"

namespace tessera {

Range block_range(Index count, Index parts, Index part) {
    const Index least = count / parts;
    const Index larger = count % parts;  // so many parts, the first ones, get one more
    const Index begin = part * least + std::min(part, larger);
    return {begin, begin + least + (part < larger ? 1 : 0)};
}

Partition::Partition(const Extents& shape, ProcessGrid grid)
    : shape_(shape), grid_(std::move(grid)) {
    if (shape_.order() != grid_.order()) {
        throw UsageError(fmt::format(
            "parallel.grid is {} ({} entries), but the tensor is {} ({} modes): give one entry per "
            "mode, or leave parallel.grid out",
            grid_.dims().to_string(), grid_.order(), shape_.to_string(), shape_.order()));
    }
}

Box Partition::box(int rank) const {
    const Extents place = grid_.coordinates(rank);
    Box box{shape_, shape_};
    for (int mode = 0; mode < order(); ++mode) {
        const Range range = block_range(shape_[mode], grid_.dims()[mode], place[mode]);
        box.begin[mode] = range.begin;
        box.end[mode] = range.end;
    }
    return box;
}

}  // namespace tessera
