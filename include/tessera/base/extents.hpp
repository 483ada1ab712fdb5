#pragma once

#include <Kokkos_Macros.hpp>
#include <initializer_list>
#include <string>
#include <vector>

#include "tessera/base/types.hpp"

namespace tessera {

/// One number per mode of a tensor of order 0 to 6: a shape, a position, a box corner. Trivially
/// copyable, so kernels capture it by value. Modes at and beyond the order hold 0.
class Extents {
  public:
    Extents() = default;
    Extents(std::initializer_list<Index> values);
    explicit Extents(const std::vector<Index>& values);
    /// `order` times the same value.
    static Extents filled(int order, Index value);

    [[nodiscard]] KOKKOS_INLINE_FUNCTION int order() const { return order_; }
    KOKKOS_INLINE_FUNCTION Index& operator[](int mode) { return values_[mode]; }
    KOKKOS_INLINE_FUNCTION Index operator[](int mode) const { return values_[mode]; }

    /// Product of the entries; 1 for order 0.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION Index product() const { return product(0, order_); }
    /// Product of the entries of modes first..last-1; 1 for none.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION Index product(int first, int last) const {
        Index result = 1;
        for (int mode = first; mode < last; ++mode) {
            result *= values_[mode];
        }
        return result;
    }

    KOKKOS_INLINE_FUNCTION bool operator==(const Extents& other) const {
        if (order_ != other.order_) {
            return false;
        }
        for (int mode = 0; mode < order_; ++mode) {
            if (values_[mode] != other.values_[mode]) {
                return false;
            }
        }
        return true;
    }

    [[nodiscard]] std::vector<Index> to_vector() const;
    /// "100 x 100 x 198".
    [[nodiscard]] std::string to_string() const;

  private:
    Index values_[max_order] = {};
    int order_ = 0;
};

/// Position of `offset` in a row-major array of that shape (last mode fastest).
KOKKOS_INLINE_FUNCTION Extents row_major_position(Index offset, const Extents& shape) {
    Extents position = shape;
    for (int mode = shape.order() - 1; mode >= 0; --mode) {
        position[mode] = offset % shape[mode];
        offset /= shape[mode];
    }
    return position;
}

/// Offset of a position in a row-major array of that shape (last mode fastest).
KOKKOS_INLINE_FUNCTION Index row_major_offset(const Extents& position, const Extents& shape) {
    Index offset = 0;
    for (int mode = 0; mode < shape.order(); ++mode) {
        offset = offset * shape[mode] + position[mode];
    }
    return offset;
}

/// Half-open box of positions, begin <= position < end in every mode.
struct Box {
    Extents begin;
    Extents end;

    [[nodiscard]] KOKKOS_INLINE_FUNCTION Extents shape() const {
        Extents result = end;
        for (int mode = 0; mode < end.order(); ++mode) {
            result[mode] = end[mode] > begin[mode] ? end[mode] - begin[mode] : 0;
        }
        return result;
    }
    [[nodiscard]] KOKKOS_INLINE_FUNCTION Index size() const { return shape().product(); }
    KOKKOS_INLINE_FUNCTION bool operator==(const Box& other) const {
        return begin == other.begin && end == other.end;
    }
};

/// Common part of two boxes (of size 0 where they do not meet).
[[nodiscard]] Box intersection(const Box& a, const Box& b);

}  // namespace tessera
