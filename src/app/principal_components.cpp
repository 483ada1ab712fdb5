#include "tessera/app/principal_components.hpp"

#include <algorithm>
#include <limits>

#include "tessera/linalg/dense_svd.hpp"
#include "tessera/linalg/distributed_svd.hpp"
#include "tessera/tensor/unfolding_operator.hpp"

namespace tessera {

template <typename T>
PrincipalComponents principal_components(const DenseTensor<T>& covariance, Index count) {
    const int half = covariance.order() / 2;
    const UnfoldingOperator<T> matrix(covariance, half, covariance.order());
    DistributedSvdOptions options;
    options.count = std::min(count, matrix.columns());
    const Triplets triplets = distributed_svd(matrix, options);
    const Matrix left = replicate(matrix, Side::rows, triplets.left);
    const Matrix right = replicate(matrix, Side::columns, triplets.right);
    // Vectors of values at the rounding level are arbitrary.
    const double least = 16.0 * std::numeric_limits<T>::epsilon() * triplets.values.front();
    const auto significant = std::count_if(triplets.values.begin(), triplets.values.end(),
                                           [least](double value) { return value > least; });
    PrincipalComponents found;
    found.vectors = first_columns(right, significant);
    for (Index k = 0; k < significant; ++k) {
        double cosine = 0.0;  // C v = s u
        for (Index row = 0; row < right.rows; ++row) {
            cosine += left(row, k) * right(row, k);
        }
        found.eigenvalues.push_back(triplets.values[static_cast<std::size_t>(k)] * cosine);
    }
    return found;
}

template PrincipalComponents principal_components<float>(const DenseTensor<float>&, Index);
template PrincipalComponents principal_components<double>(const DenseTensor<double>&, Index);

}  // namespace tessera
