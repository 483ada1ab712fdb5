#pragma once

#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// A view of a tensor as a matrix, without moving an entry: the columns are the consecutive modes
/// first_mode..last_mode-1 taken together (for a mode-k unfolding, only mode k), the rows all other
/// modes, both in row-major order. A block is then `left` slabs of `middle` x `right` entries:
/// entry (row (l, r), column m) is block[(l * middle + m) * right + r].
///
/// Rows are the long side in practice (pixels x bands), hence "column" for the chosen modes.
struct Unfolding {
    Unfolding(const Extents& shape, int first_mode, int last_mode)
        : left(shape.product(0, first_mode)),
          middle(shape.product(first_mode, last_mode)),
          right(shape.product(last_mode, shape.order())) {}

    Index left;
    Index middle;
    Index right;

    [[nodiscard]] Index rows() const { return left * right; }
    [[nodiscard]] Index columns() const { return middle; }
};

}  // namespace tessera
