#pragma once

#include <algorithm>

#include "tessera/linalg/matrix.hpp"

namespace tessera {

/// Some rows of a SlabMatrix, where they lie or in a buffer: entry (row l * right + r, column c) is
/// data[l * slab_stride + c * column_stride + r].
template <typename T>
struct Panel {
    T* data = nullptr;
    Index slabs = 0;
    Index right = 0;
    Index slab_stride = 0;
    Index column_stride = 0;

    [[nodiscard]] Index rows() const { return slabs * right; }
    [[nodiscard]] T* row(Index index) const {
        return data + (index / right) * slab_stride + index % right;
    }
};

/// How the rows of a slab matrix of that shape are cut into panels: whole slabs, or pieces of one
/// slab where a slab alone has more rows than wanted.
class PanelCut {
  public:
    template <typename T>
    PanelCut(const SlabMatrix<T>& shape, Index target_rows)
        : left_(shape.left), right_(shape.right) {
        if (left_ == 0 || right_ == 0) {
            return;
        }
        slabs_ = std::clamp<Index>(target_rows / right_, 1, left_);
        // Pieces of about equal size, so that none is too short for full vectors.
        pieces_ = (right_ + target_rows - 1) / target_rows;
        rows_of_slab_ = (right_ + pieces_ - 1) / pieces_;
        rows_of_slab_ = std::min((rows_of_slab_ + row_unit - 1) / row_unit * row_unit, right_);
        pieces_ = (right_ + rows_of_slab_ - 1) / rows_of_slab_;
        count_ = (left_ + slabs_ - 1) / slabs_ * pieces_;
    }

    [[nodiscard]] Index count() const { return count_; }
    /// Rows of the largest panel.
    [[nodiscard]] Index max_rows() const { return slabs_ * rows_of_slab_; }

    template <typename T>
    [[nodiscard]] Panel<T> panel(const SlabMatrix<T>& matrix, Index index) const {
        const Index slab = index / pieces_ * slabs_;
        const Index row = index % pieces_ * rows_of_slab_;
        const Index slab_stride = matrix.columns * right_;
        return {matrix.data + slab * slab_stride + row, std::min(slabs_, left_ - slab),
                std::min(rows_of_slab_, right_ - row), slab_stride, right_};
    }

  private:
    // Every tile width of tile::multiply (up to three vectors of 16 floats) divides it.
    static constexpr Index row_unit = 48;

    Index left_ = 0;
    Index right_ = 0;
    Index slabs_ = 1;         // slabs per panel
    Index rows_of_slab_ = 0;  // rows of a slab in one panel
    Index pieces_ = 1;        // panels per slab
    Index count_ = 0;
};

/// Copies a panel to a plain matrix, converting: entry (row, c) goes to to[row * row_stride + c *
/// column_stride].
template <typename T, typename U>
void gather(const Panel<const T>& panel, Index columns, U* to, Index row_stride,
            Index column_stride) {
    // Where rows and columns swap places, eight streams of the source are read onwards together and
    // fill whole cache lines of the target.
    constexpr Index streams = 8;
    if (panel.right == 1 && row_stride == 1) {
        for (Index first = 0; first < panel.slabs; first += streams) {
            const Index last = std::min(first + streams, panel.slabs);
            for (Index c = 0; c < columns; ++c) {
                for (Index row = first; row < last; ++row) {
                    to[row + c * column_stride] = static_cast<U>(
                        panel.data[row * panel.slab_stride + c * panel.column_stride]);
                }
            }
        }
        return;
    }
    const Index block = panel.column_stride == column_stride ? columns : streams;
    for (Index slab = 0; slab < panel.slabs; ++slab) {
        const T* from = panel.data + slab * panel.slab_stride;
        U* target = to + slab * panel.right * row_stride;
        for (Index first = 0; first < columns; first += block) {
            const Index last = std::min(first + block, columns);
            for (Index r = 0; r < panel.right; ++r) {
                for (Index c = first; c < last; ++c) {
                    target[r * row_stride + c * column_stride] =
                        static_cast<U>(from[c * panel.column_stride + r]);
                }
            }
        }
    }
}

/// The reverse: entry (row, c) comes from from[row * from_stride + c].
template <typename T>
void scatter_rows(const T* from, Index from_stride, Index columns, const Panel<T>& panel) {
    for (Index slab = 0; slab < panel.slabs; ++slab) {
        T* to = panel.data + slab * panel.slab_stride;
        for (Index c = 0; c < columns; ++c) {
            for (Index r = 0; r < panel.right; ++r) {
                to[c * panel.column_stride + r] = from[(slab * panel.right + r) * from_stride + c];
            }
        }
    }
}

}  // namespace tessera
