#include "tessera/method/factor_networks/singular_basis.hpp"

#include <algorithm>
#include <cmath>

#include "tessera/linalg/dense_svd.hpp"
#include "tessera/tensor/contraction.hpp"

namespace tessera {

template <typename T>
SingularBasis singular_basis(const DenseTensor<T>& data, int mode, Index rank) {
    SymmetricEigen eigen = symmetric_eigen(unfolding_gram(data, mode));
    const Communicator& communicator = data.communicator();
    // The same on all ranks even where their processors round differently.
    communicator.broadcast(eigen.values.data(), static_cast<Index>(eigen.values.size()));
    communicator.broadcast(eigen.vectors.data(), eigen.vectors.rows * eigen.vectors.columns);
    SingularBasis basis{first_columns(eigen.vectors, rank), {}};
    fix_signs(basis.rows);
    const auto positions = static_cast<double>(data.shape()[mode]);
    for (double& value : basis.rows.values) {
        value *= std::sqrt(positions);
    }
    constexpr double rounding = 1e-16;  // of squares
    for (Index r = 0; r < rank; ++r) {
        const double square =
            std::max(eigen.values[static_cast<std::size_t>(r)], rounding * eigen.values.front());
        basis.sizes.push_back(std::sqrt(square / static_cast<double>(data.size())));
    }
    return basis;
}

template SingularBasis singular_basis<float>(const DenseTensor<float>&, int, Index);
template SingularBasis singular_basis<double>(const DenseTensor<double>&, int, Index);

}  // namespace tessera
