#pragma once

#include "box_pieces.hpp"
#include "tessera/io/image_geometry.hpp"

namespace tessera {

/// A part of a rank's block in the order of a result's dataset, (z, y, x): which entries of the
/// block they are, and where in the dataset they go.
struct ImagePiece {
    Box image;              ///< in the dataset
    Index first = 0;        ///< offset of the piece's first entry in the block
    Index strides[3] = {};  ///< distance in the block of neighbours along z, y, x
};

/// Cuts a block into pieces of at most `limit` entries that are boxes of the dataset. Modes that
/// are merged into z make boxes only with all but the last of them fixed, so the pieces go through
/// those one by one. Private to the layer.
class ImagePieces {
  public:
    ImagePieces(const ImageLayout& layout, const Box& block, Index limit);

    [[nodiscard]] Index count() const;
    /// Piece `number`; an empty one from `count()` on.
    [[nodiscard]] ImagePiece piece(Index number) const;

  private:
    Extents stored_shape_;
    Box box_;      ///< the block in stored order
    int leading_;  ///< number of modes before the last three
    BoxPieces inner_;
    Extents strides_;  ///< in the block, by stored place
};

}  // namespace tessera
