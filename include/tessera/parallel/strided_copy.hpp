#pragma once

#include "tessera/base/extents.hpp"

namespace tessera {

/// Distance, in entries, between neighbours of each mode in a row-major array of that shape.
[[nodiscard]] Extents row_major_strides(const Extents& shape);

/// A box-shaped set of entries and where it lies in two flat arrays: the entry at position p is
/// source[source_offset + sum_k p[k] * source_strides[k]], and likewise in the target.
struct StridedCopy {
    Extents shape;
    Extents source_strides;
    Extents target_strides;
    Index source_offset = 0;
    Index target_offset = 0;
};

/// The copy of the entries of `common` from a row-major array that holds `source_box` to one that
/// holds `target_box`, all three in the same global positions. `common` must lie in both boxes.
[[nodiscard]] StridedCopy box_copy(const Box& source_box, const Box& target_box, const Box& common);

/// Copies the entries in a kernel: whole rows where both arrays have the same fastest mode, small
/// square tiles (a transposition that keeps both sides in cache) where they have not. The arrays
/// must not overlap and must be visible to the execution space. Does not wait for the kernel.
/// T: float, double, std::uint8_t.
template <typename T>
void strided_copy(const T* source, T* target, const StridedCopy& copy);

}  // namespace tessera
