#pragma once

#include "tessera/base/types.hpp"

/// Products of row-major matrices in host memory by the calling thread alone, for operands that
/// stay in cache and of which one is used many times: it is packed once, and the other is read
/// where it lies. A library packs both at every call, a tenth of the time of 128 x 128 matrices.
/// Sums run upwards, so the bits of an entry do not depend on which rows and columns are asked for.
namespace tessera::panels {

/// Columns of a panel: a packed matrix has its columns in panels of so many (the last one narrower,
/// rounded up to half a vector), each panel row by row.
template <typename T>
[[nodiscard]] Index width();

/// Entries of a packed matrix of `depth` rows.
template <typename T>
[[nodiscard]] Index packed_size(Index depth, Index columns);

/// Packs B (depth x columns), or the transpose of `b` (columns x depth) if `transposed`; `stride`
/// is from one row of `b` to the next.
template <typename T>
void pack(bool transposed, Index depth, Index columns, const T* b, Index stride, T* packed);

/// A matrix as it lies: its first entry, and from one row to the next.
template <typename T>
struct Rows {
    T* data;
    Index stride;
};

/// C (rows x columns) = A (rows x depth) B, B packed; added to C if `add`. Of a larger B the
/// columns from `begin` on, a multiple of the panels' width, lie at packed + begin * depth.
template <typename T>
void multiply(Index rows, Index columns, Index depth, Rows<const T> a, const T* packed, Rows<T> c,
              bool add = false);

/// C (rows x columns) += A^T B for A (depth x rows) and B (depth x columns), neither packed.
template <typename T>
void add_transposed(Index rows, Index columns, Index depth, Rows<const T> a, Rows<const T> b,
                    Rows<T> c);

}  // namespace tessera::panels
