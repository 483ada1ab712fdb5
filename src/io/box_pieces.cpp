#include "box_pieces.hpp"

#include <algorithm>

namespace tessera {

BoxPieces::BoxPieces(const Box& box, Index limit)
    : box_(box), piece_shape_(box.shape()), pieces_(box.shape()) {
    if (box.size() == 0) {
        return;
    }
    Index room = std::max<Index>(limit, 1);
    count_ = 1;
    for (int mode = box.begin.order() - 1; mode >= 0; --mode) {
        const Index extent = piece_shape_[mode];
        piece_shape_[mode] = std::min(extent, room);
        pieces_[mode] = (extent + piece_shape_[mode] - 1) / piece_shape_[mode];
        count_ *= pieces_[mode];
        // Once a mode is cut, slower modes advance one position per piece.
        room = piece_shape_[mode] == extent ? room / extent : 1;
    }
}

Box BoxPieces::piece(Index number) const {
    if (number >= count_) {
        return {box_.begin, box_.begin};
    }
    const Extents place = row_major_position(number, pieces_);
    Box result = box_;
    for (int mode = 0; mode < box_.begin.order(); ++mode) {
        result.begin[mode] = box_.begin[mode] + place[mode] * piece_shape_[mode];
        result.end[mode] = std::min(box_.end[mode], result.begin[mode] + piece_shape_[mode]);
    }
    return result;
}

}  // namespace tessera
