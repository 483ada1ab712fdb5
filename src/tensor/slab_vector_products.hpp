#pragma once

#include "tessera/base/memory.hpp"
#include "tessera/tensor/unfolding.hpp"

namespace tessera {

/// Products of a vector with an unfolding of one rank's block, float64 also for float32 entries, in
/// one pass over the block. With the same shape and number of threads the results are the same to
/// the last bit. All pointers are to memory of the execution space; nothing overlaps. `work` has
/// `slab_work_size(shape)` entries.

/// y = A x: `x` has `shape.columns()` entries, `y` `shape.rows()`.
template <typename T>
void slab_times_vector(const Unfolding& shape, const T* block, const double* x, double* y,
                       double* work);

/// x = A^T y.
template <typename T>
void slab_transposed_times_vector(const Unfolding& shape, const T* block, const double* y,
                                  double* x, double* work);

/// At most about an eighth of the block's entries.
[[nodiscard]] Index slab_work_size(const Unfolding& shape);

}  // namespace tessera
