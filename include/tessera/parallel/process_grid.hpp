#pragma once

#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// N-way Cartesian grid of ranks, one extent per tensor mode; ranks are numbered row-major (last
/// mode fastest).
class ProcessGrid {
  public:
    /// Throws UsageError when the product of `dims` is not the number of ranks. All ranks see the
    /// same dims, so all throw.
    ProcessGrid(Communicator communicator, const Extents& dims);

    /// Splits only the modes marked in `may_split`, so that the largest block is as small as it can
    /// be and, among those grids, blocks are closest to cubes (least surface, the volume of a halo
    /// exchange); a mode is split into more parts than it has slices only when nothing else is
    /// left.
    static ProcessGrid automatic(const Communicator& communicator, const Extents& shape,
                                 const std::vector<bool>& may_split);
    /// The dims of that grid for any number of ranks.
    [[nodiscard]] static Extents automatic_dims(Index ranks, const Extents& shape,
                                                const std::vector<bool>& may_split);

    [[nodiscard]] const Communicator& communicator() const { return communicator_; }
    [[nodiscard]] const Extents& dims() const { return dims_; }
    [[nodiscard]] int order() const { return dims_.order(); }
    /// Position of a rank (of this rank) in the grid.
    [[nodiscard]] Extents coordinates(int rank) const;
    [[nodiscard]] Extents coordinates() const { return coordinates(communicator_.rank()); }

    /// The ranks that differ from this one only in the marked modes, ordered by their position
    /// (collective over the whole grid).
    [[nodiscard]] Communicator along(const std::vector<bool>& modes) const;

  private:
    Communicator communicator_;
    Extents dims_;
};

}  // namespace tessera
