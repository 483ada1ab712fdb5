#include "box_pieces.hpp"

#include <algorithm>

namespace tessera {

BoxPieces::BoxPieces(const Box& box, Index limit)
    : BoxPieces(box, limit, Extents::filled(box.begin.order(), 1)) {}

BoxPieces::BoxPieces(const Box& box, Index limit, const Extents& grain)
    : box_(box), origin_(box.begin), piece_shape_(box.shape()), pieces_(box.shape()) {
    if (box.size() == 0) {
        return;
    }
    const int order = box.begin.order();
    // Chunks may be larger than their dataset, so the product is watched in floating point.
    double grain_entries = 1.0;
    for (int mode = 0; mode < order; ++mode) {
        grain_entries *= static_cast<double>(std::min(grain[mode], box.end[mode]));
    }
    const bool aligned = grain_entries <= static_cast<double>(limit);

    Extents span = box.shape();
    Index entries = 1;
    for (int mode = 0; mode < order; ++mode) {
        const Index step = aligned ? std::min(grain[mode], box.end[mode]) : 1;
        origin_[mode] = box.begin[mode] / step * step;
        span[mode] = box.end[mode] - origin_[mode];
        piece_shape_[mode] = std::min(step, span[mode]);
        entries *= piece_shape_[mode];
    }
    count_ = 1;
    for (int mode = order - 1; mode >= 0; --mode) {
        const Index times = std::max<Index>(1, limit / entries);
        const Index step = piece_shape_[mode];
        piece_shape_[mode] = step > span[mode] / times ? span[mode] : step * times;
        entries = entries / step * piece_shape_[mode];
        pieces_[mode] = (span[mode] + piece_shape_[mode] - 1) / piece_shape_[mode];
        count_ *= pieces_[mode];
    }
}

Box BoxPieces::piece(Index number) const {
    if (number >= count_) {
        return {box_.begin, box_.begin};
    }
    const Extents place = row_major_position(number, pieces_);
    Box result = box_;
    for (int mode = 0; mode < box_.begin.order(); ++mode) {
        const Index begin = origin_[mode] + place[mode] * piece_shape_[mode];
        result.begin[mode] = std::max(box_.begin[mode], begin);
        result.end[mode] = std::min(box_.end[mode], begin + piece_shape_[mode]);
    }
    return result;
}

}  // namespace tessera
