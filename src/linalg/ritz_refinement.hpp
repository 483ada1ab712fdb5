#pragma once

#include <functional>

#include "tall_operator.hpp"
#include "tessera/linalg/distributed_svd.hpp"

namespace tessera {

/// Orthonormalises the columns of a matrix whose rows are shared out over ranks (collective):
/// classical Gram-Schmidt, twice (Giraud et al. 2005), and returns R of  before = after R. A column
/// whose rest is not above `threshold` times its norm plus `noise` is taken for dependent: it is
/// replaced by `fill(column, target)` made orthogonal to the others and to `beside` (may be null),
/// and gets a zero on R's diagonal.
struct GramSchmidt {
    const Communicator& communicator;
    double threshold;
    double noise;
    std::function<void(Index, double*)> fill;
    const Matrix* beside = nullptr;

    [[nodiscard]] Matrix operator()(Matrix& columns) const;
};

/// Triplets of `b` in the span of the given right vectors (local part), by the Rayleigh-Ritz method
/// with A V formed anew: their values are right to the square of the vectors' error, u and v are
/// orthonormal and A V = U S to rounding whatever solver the vectors came from. Values and
/// residuals are on the scale of A. `largest` is the largest value of the whole matrix on b's
/// scale; `locked_long` are the known vectors of the long side (may be null). Left and right as b
/// sees them.
[[nodiscard]] Triplets refine(const TallOperator& b, Matrix right, double largest,
                              const Matrix* locked_long, std::uint64_t seed);

/// Of each right vector the largest entry in magnitude becomes positive (collective).
void fix_distributed_signs(const MatrixOperator& a, Triplets& triplets);

}  // namespace tessera
