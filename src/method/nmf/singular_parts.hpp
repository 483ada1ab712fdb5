#pragma once

#include <vector>

#include "tessera/base/types.hpp"

namespace tessera {

// Nonnegative factors from singular vectors (NNDSVD, Boutsidis and Gallopoulos 2008, "SVD based
// initialization: a head start for nonnegative matrix factorization"). Rows are row-major with
// `rank` columns.

/// Squared norms of the positive parts of all columns, then of the negative parts.
[[nodiscard]] std::vector<double> signed_squared_norms(const std::vector<double>& rows, Index rank);

/// Keeps of each pair of singular vectors the positive or the negative parts, whichever have the
/// larger product of norms, and gives both factors the root of that product as their norm. `own`
/// and `other` are the squared norms of this factor and of its partner. Zeros become `fill`.
void take_larger_parts(const std::vector<double>& own, const std::vector<double>& other,
                       double fill, Index rank, std::vector<double>& rows);

}  // namespace tessera
