#pragma once

#include "tessera/base/extents.hpp"

namespace tessera {

/// Cuts a box into pieces of at most `limit` entries (at least one), numbered in row-major order.
class BoxPieces {
  public:
    /// Cut along the slowest modes, so that each piece is a contiguous part of the box and begins
    /// where the one before ended.
    BoxPieces(const Box& box, Index limit);

    /// Cut only at multiples of `grain`, the chunks of a file, unless one chunk exceeds the limit:
    /// a compressed chunk that lies in two pieces is unpacked twice.
    BoxPieces(const Box& box, Index limit, const Extents& grain);

    /// Number of pieces; 0 for an empty box.
    [[nodiscard]] Index count() const { return count_; }
    /// Piece `number`; an empty box from `count()` on, with which a rank that has finished stays in
    /// collective calls.
    [[nodiscard]] Box piece(Index number) const;

  private:
    Box box_;
    Extents origin_;  ///< where the first piece would begin, were it not cut by the box
    Extents piece_shape_;
    Extents pieces_;  ///< number of pieces along each mode
    Index count_ = 0;
};

}  // namespace tessera
