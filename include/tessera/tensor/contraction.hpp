#pragma once

#include <string>

#include "tessera/linalg/matrix.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// Tensor times matrix along a mode: result(.., j, ..) = sum_m w(j, m) tensor(.., m, ..) (Kolda and
/// Bader 2009, section 2.5). `w` is J x shape[mode], replicated; the result has J in that mode and
/// lies on the same grid. Collective. Where the mode is split and shrinks, every rank forms its
/// part of all J slices, and the parts are reduce-scattered along the mode, so it needs J * (block
/// / extent of the block in the mode) further entries; where it grows, every rank fetches whole
/// rows, shape[mode] * (result block / its extent in the mode) entries. Products are in the
/// tensor's precision.
///
/// Throws UsageError when `w` does not fit, MemoryError.
template <typename T>
[[nodiscard]] DenseTensor<T> tensor_times_matrix(const DenseTensor<T>& tensor, int mode,
                                                 const Matrix& w,
                                                 const std::string& label = "tensor times matrix");

/// Entries that a rank fetches at a time: 32 MiB of float64, so that buffers stay small beside the
/// block.
inline constexpr Index default_fetched_entries = Index{1} << 22;

/// Gram matrix of the unfolding of one mode, G(i, j) = sum over all other modes of
/// tensor(.., i, ..) * tensor(.., j, ..): shape[mode] x shape[mode], on every rank (collective).
/// Accumulated in float64 also for float32 tensors. Where the mode is split, each rank fetches
/// whole rows of the unfolding, about `fetched_entries` entries at a time.
template <typename T>
[[nodiscard]] Matrix unfolding_gram(const DenseTensor<T>& tensor, int mode,
                                    Index fetched_entries = default_fetched_entries);

}  // namespace tessera
