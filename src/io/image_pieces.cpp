#include "image_pieces.hpp"

#include <algorithm>

namespace tessera {
namespace {

Box last_three(const Box& box) {
    const int first = box.begin.order() - 3;
    return {Extents{box.begin[first], box.begin[first + 1], box.begin[first + 2]},
            Extents{box.end[first], box.end[first + 1], box.end[first + 2]}};
}

}  // namespace

ImagePieces::ImagePieces(const ImageLayout& layout, const Box& block, Index limit)
    : stored_shape_(layout.stored_shape()),
      box_(layout.stored_box(block)),
      leading_(stored_shape_.order() - 3),
      inner_(last_three(box_), limit),
      strides_(Extents::filled(stored_shape_.order(), 0)) {
    const Extents block_shape = block.shape();
    const int order = block_shape.order();
    for (int place = 0; place < order; ++place) {
        const int mode = layout.modes()[static_cast<std::size_t>(place)];
        strides_[place + stored_shape_.order() - order] = block_shape.product(mode + 1, order);
    }
}

Index ImagePieces::count() const { return box_.shape().product(0, leading_) * inner_.count(); }

ImagePiece ImagePieces::piece(Index number) const {
    ImagePiece result;
    if (number >= count()) {
        result.image = inner_.piece(inner_.count());
        return result;
    }
    result.image = inner_.piece(number % inner_.count());
    Index slab = number / inner_.count();
    Index merged = 0;  // position of the fixed modes, taken together
    Index factor = 1;
    const Extents counts = box_.shape();
    for (int mode = leading_ - 1; mode >= 0; --mode) {
        const Index local = slab % counts[mode];
        slab /= counts[mode];
        merged += (box_.begin[mode] + local) * factor;
        factor *= stored_shape_[mode];
        result.first += local * strides_[mode];
    }
    for (int axis = 0; axis < 3; ++axis) {
        result.strides[axis] = strides_[leading_ + axis];
        result.first +=
            (result.image.begin[axis] - box_.begin[leading_ + axis]) * result.strides[axis];
    }
    result.image.begin[0] += merged * stored_shape_[leading_];
    result.image.end[0] += merged * stored_shape_[leading_];
    return result;
}

}  // namespace tessera
