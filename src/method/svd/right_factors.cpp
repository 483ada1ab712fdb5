#include "tessera/method/svd/right_factors.hpp"

#include <utility>

#include "tessera/linalg/dense_svd.hpp"

namespace tessera {

Matrix scale_columns(Matrix a, const std::vector<double>& factors) {
    for (Index column = 0; column < a.columns; ++column) {
        for (Index row = 0; row < a.rows; ++row) {
            a(row, column) *= factors[static_cast<std::size_t>(column)];
        }
    }
    return a;
}

RightFactors right_factors(const Matrix& vectors, const std::vector<double>& weights,
                           const std::vector<double>& column_sigma) {
    const Matrix kept = first_columns(vectors, static_cast<Index>(weights.size()));
    RightFactors factors{scale_columns(kept, weights), kept};
    if (column_sigma.empty()) {
        return factors;
    }
    for (Index column = 0; column < kept.columns; ++column) {
        for (Index row = 0; row < kept.rows; ++row) {
            const double sigma = column_sigma[static_cast<std::size_t>(row)];
            factors.in(row, column) /= sigma;
            factors.out(row, column) *= sigma;
        }
    }
    return factors;
}

}  // namespace tessera
