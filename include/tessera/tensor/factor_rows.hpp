#pragma once

#include "tessera/base/archive.hpp"
#include "tessera/parallel/part_collectives.hpp"
#include "tessera/parallel/uneven_partition.hpp"

namespace tessera {

/// How the rows of one mode's factor (extent of the mode x rank, row-major in host memory) are
/// shared out. Every rank holds the rows of its block, which it has in common with the ranks whose
/// blocks begin and end at the same positions in the mode; these ranks share the work of updating
/// them, each for `own()`.
class FactorRows {
  public:
    /// Collective.
    FactorRows(const UnevenPartition& partition, int mode, Index rank);

    /// Rows of the block and rows that this rank updates, in global positions.
    [[nodiscard]] Range block() const { return block_; }
    [[nodiscard]] Range own() const;
    /// Where the own rows begin in an array of the block's rows.
    [[nodiscard]] Index own_offset() const { return (own().begin - block_.begin) * rank_; }

    /// The own rows of the sum of all sharers' arrays of the block's rows (collective).
    void reduce(const double* block_rows, double* own_rows) const;
    /// The block's rows from the own ones of all sharers (collective).
    void gather(const double* own_rows, double* block_rows) const;

    /// The own rows as part of the whole factor, for results and checkpoints.
    [[nodiscard]] BlockPlace place() const;

  private:
    Index extent_;
    Index rank_;
    Range block_;
    Communicator sharers_;
    PartOffsets rows_;     ///< of the block, over the sharers
    PartOffsets entries_;  ///< the same times rank
};

}  // namespace tessera
