#pragma once

#include "tessera/parallel/process_grid.hpp"

namespace tessera {

/// Half-open range of positions in one mode.
struct Range {
    Index begin = 0;
    Index end = 0;
    [[nodiscard]] Index size() const { return end - begin; }
};

/// Part `part` of `parts` nearly equal contiguous parts of 0..count-1: sizes differ by at most one,
/// and parts are empty when there are more of them than positions.
[[nodiscard]] Range block_range(Index count, Index parts, Index part);

/// Which contiguous block of a tensor each rank of a grid owns.
class Partition {
  public:
    /// Throws UsageError, on all ranks, when the grid's order is not that of the shape.
    Partition(const Extents& shape, ProcessGrid grid);

    [[nodiscard]] const Extents& shape() const { return shape_; }
    [[nodiscard]] const ProcessGrid& grid() const { return grid_; }
    [[nodiscard]] const Communicator& communicator() const { return grid_.communicator(); }
    [[nodiscard]] int order() const { return shape_.order(); }

    /// Block of a rank (of this rank); of size 0 when a mode has more ranks than slices.
    [[nodiscard]] Box box(int rank) const;
    [[nodiscard]] Box box() const { return box(communicator().rank()); }

    [[nodiscard]] bool operator==(const Partition& other) const {
        return shape_ == other.shape_ && grid_.dims() == other.grid_.dims();
    }

  private:
    Extents shape_;
    ProcessGrid grid_;
};

}  // namespace tessera
