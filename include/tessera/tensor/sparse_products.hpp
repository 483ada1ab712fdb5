#pragma once

#include <vector>

#include "tessera/tensor/compressed_fibres.hpp"

namespace tessera {

/// The matricised tensor times Khatri-Rao product of this rank's entries onto the target mode of
/// `fibres`: out(i, r) = sum over the entries x(.., i, ..) of x times the entries (.., r) of all
/// other factors (entries that are not listed count as zeros). `factors[m]` holds the rows of this
/// rank's box in mode m, row-major with `rank` columns, in host memory, like `out`; the target's
/// own factor is not looked at. Accumulated in float64, in an order that does not depend on
/// threads. Not collective. Throws MemoryError.
template <typename T>
void sparse_mttkrp(const CompressedFibres<T>& fibres, const std::vector<const double*>& factors,
                   Index rank, double* out);

/// estimates[e] = sum over r of the product over modes of factors[m](position of entry e in mode m,
/// r), for this rank's entries of `tensor`, in their order; host memory. Not collective.
template <typename T>
void predict_entries(const SparseTensor<T>& tensor, const std::vector<const double*>& factors,
                     Index rank, double* estimates);

/// Values of a dense tensor at this rank's entries of a sparse one on the same partition, in their
/// order; host memory. Not collective.
template <typename T>
[[nodiscard]] std::vector<double> sample_entries(const DenseTensor<T>& tensor,
                                                 const SparseTensor<T>& at);

}  // namespace tessera
