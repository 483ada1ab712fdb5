#pragma once

#include <vector>

#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

// What anyone would guess for entries that were not observed, without a model: what a completion
// has to be better than. All give a value for each of this rank's entries of `at`, in their order;
// `at` lies on the partition of `observed`. They do not depend on the number of ranks, but for the
// rounding of sums. Collective.

/// The mean of all observed entries.
template <typename T>
[[nodiscard]] std::vector<double> mean_fill(const SparseTensor<T>& observed,
                                            const SparseTensor<T>& at);

/// The mean of all observed entries plus, for every mode, how much the mean of the observed entries
/// in the entry's own slice differs from it (nothing where that slice has none).
template <typename T>
[[nodiscard]] std::vector<double> mode_means_fill(const SparseTensor<T>& observed,
                                                  const SparseTensor<T>& at);

/// The value of the nearest observed entry along the modes: of those whose position differs in one
/// mode only, the one at the least distance; of equally near ones that of the first mode, and there
/// the one at the smaller position. The mean of all where there is none.
template <typename T>
[[nodiscard]] std::vector<double> nearest_fill(const SparseTensor<T>& observed,
                                               const SparseTensor<T>& at);

}  // namespace tessera
