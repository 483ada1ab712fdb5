#pragma once

#include <vector>

#include "tessera/parallel/partition.hpp"

namespace tessera {

/// Which box of an index space each rank of a grid owns, with cuts of their own in every mode: what
/// a Partition is to dense tensors, for data that lie unevenly in the index space.
class UnevenPartition {
  public:
    /// The blocks of an ordinary partition, which may stand wherever an uneven one is wanted.
    UnevenPartition(const Partition& partition);  // NOLINT(google-explicit-constructor)
    /// `cuts[mode]` has grid.dims()[mode] + 1 ascending positions, from 0 to shape[mode]; equal
    /// neighbours leave ranks without slices. The same values on all ranks.
    UnevenPartition(const Extents& shape, ProcessGrid grid, std::vector<std::vector<Index>> cuts);

    [[nodiscard]] const Extents& shape() const { return shape_; }
    [[nodiscard]] const ProcessGrid& grid() const { return grid_; }
    [[nodiscard]] const Communicator& communicator() const { return grid_.communicator(); }
    [[nodiscard]] int order() const { return shape_.order(); }
    [[nodiscard]] const std::vector<Index>& cuts(int mode) const {
        return cuts_[static_cast<std::size_t>(mode)];
    }

    /// Box of a rank (of this rank).
    [[nodiscard]] Box box(int rank) const;
    [[nodiscard]] Box box() const { return box(communicator().rank()); }
    /// The part of a mode in which a position lies.
    [[nodiscard]] Index part(int mode, Index position) const;

    [[nodiscard]] bool operator==(const UnevenPartition& other) const {
        return shape_ == other.shape_ && grid_.dims() == other.grid_.dims() && cuts_ == other.cuts_;
    }

  private:
    Extents shape_;
    ProcessGrid grid_;
    std::vector<std::vector<Index>> cuts_;
};

/// Cuts of one mode into `parts` ranges of about equal weight, each of at least one position where
/// there are that many: `weights[bin]` is the weight of positions bin * width up to the next bin's
/// (the last bin may be shorter). Cuts fall between bins unless a range would get no position.
[[nodiscard]] std::vector<Index> balanced_cuts(const std::vector<Index>& weights, Index width,
                                               Index extent, Index parts);

}  // namespace tessera
