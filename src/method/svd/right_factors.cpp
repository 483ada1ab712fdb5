#include "tessera/method/svd/right_factors.hpp"

namespace tessera {

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
