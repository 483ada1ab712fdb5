#pragma once

#include "tessera/base/extents.hpp"

namespace tessera {

/// Cuts a box into pieces of at most `limit` entries, in row-major order and cut along the slowest
/// modes, so that each piece is a long contiguous part of a row-major file. A piece has at least one
/// entry, so every limit can be met.
class BoxPieces {
  public:
    BoxPieces(const Box& box, Index limit);

    /// Number of pieces; 0 for an empty box.
    [[nodiscard]] Index count() const { return count_; }
    /// Piece `number`; an empty box at the begin of the whole from `count()` on, with which a rank
    /// that has finished stays in collective calls.
    [[nodiscard]] Box piece(Index number) const;

  private:
    Box box_;
    Extents piece_shape_;
    Extents pieces_;  ///< number of pieces along each mode
    Index count_ = 0;
};

}  // namespace tessera
