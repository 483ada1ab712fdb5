#pragma once

#include <cstdint>

#include "tessera/linalg/matrix.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Sums over all entries of one round of imputation.
struct ImputationSums {
    double observed_squared_error = 0.0;  ///< of the estimate on observed entries
    double observed_squared_norm = 0.0;   ///< of the observed entries
    double missing_squared_change = 0.0;  ///< of the missing entries, old to new
    double missing_squared_norm = 0.0;    ///< of the new missing entries
};

/// One pass over a block: forms the estimate scores * right^T tile by tile in cache, writes it
/// where the mask is 0, compares it where the mask is 1. `scores` has the slab layout of `values`
/// with the rank in place of the columns; `mask` has one byte per entry. Collective; sums are over
/// all ranks.
template <typename T>
[[nodiscard]] ImputationSums impute(SlabMatrix<const T> scores, const Matrix& right,
                                    const std::uint8_t* mask, SlabMatrix<T> values,
                                    const Communicator& communicator);

/// Replaces missing entries by the mean of the observed ones of their column; the overall mean
/// where a column has none. Collective.
template <typename T>
void fill_with_column_means(const std::uint8_t* mask, SlabMatrix<T> values,
                            const Communicator& communicator);

}  // namespace tessera
