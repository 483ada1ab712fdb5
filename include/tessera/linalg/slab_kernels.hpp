#pragma once

#include <cstdint>

#include "tessera/linalg/matrix.hpp"

namespace tessera {

// Products with a rank's part of a tall matrix, in host memory and without messages. The tensor
// block stays as it lies: panels of rows are gathered (and converted) into cache, multiplied there
// and scattered. Threads share the panels. With the same input, shape and number of threads the
// results are the same to the last bit.

/// a^T a (columns x columns, both triangles), accumulated in float64 for float32 data too.
template <typename T>
[[nodiscard]] Matrix gram(SlabMatrix<const T> a);

/// out = a w: tensor times matrix. `w` is a.columns x k; `out` has a's left and right and k
/// columns, and does not overlap a. Computed in T, sums over the columns of a in T.
template <typename T>
void multiply(SlabMatrix<const T> a, const Matrix& w, SlabMatrix<T> out);

/// out = (a w) v^T, panel by panel without a temporary of a's size. `w` is a.columns x k, `v` is
/// out.columns x k. `out` may be `a` itself when the columns agree (in place).
template <typename T>
void project(SlabMatrix<const T> a, const Matrix& w, const Matrix& v, SlabMatrix<T> out);

/// As `project`, but writes only the entries of `out` whose byte in `mask` (laid out as out.data)
/// is 0: one step of imputation, in place.
template <typename T>
void project_missing(SlabMatrix<const T> a, const Matrix& w, const Matrix& v,
                     const std::uint8_t* mask, SlabMatrix<T> out);

/// out = u v^T: `u` has out's left and right and k columns, `v` is out.columns x k.
template <typename T>
void reconstruct(SlabMatrix<const T> u, const Matrix& v, SlabMatrix<T> out);

/// As `reconstruct`, but writes only the entries of `out` whose byte in `mask` (laid out as
/// out.data) is 0.
template <typename T>
void reconstruct_missing(SlabMatrix<const T> u, const Matrix& v, const std::uint8_t* mask,
                         SlabMatrix<T> out);

}  // namespace tessera
