#include "tessera/linalg/tall_qr.hpp"

#include <algorithm>
#include <cmath>

#include "cholesky_qr.hpp"
#include "householder_tsqr.hpp"
#include "tall_qr_errors.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

void require_size(Index columns) {
    // A triangle is one message, and messages stay below 1 GiB.
    constexpr Index max_columns = 11585;
    if (columns > max_columns) {
        throw UsageError("a tall matrix of " + std::to_string(columns) +
                         " columns is too wide for a QR factorisation (at most " +
                         std::to_string(max_columns) +
                         "): choose another unfolding or an iterative solver");
    }
}

void make_diagonal_positive(Matrix& r) {
    for (Index row = 0; row < r.rows; ++row) {
        if (r(row, row) < 0.0) {
            for (Index column = row; column < r.columns; ++column) {
                r(row, column) = -r(row, column);
            }
        }
    }
}

}  // namespace

const char* to_string(TallQrRoute route) {
    return route == TallQrRoute::cholesky ? "CholeskyQR2" : "Householder TSQR";
}

template <typename T>
Matrix householder_tall_qr_r(SlabMatrix<const T> a, const Communicator& communicator) {
    require_size(a.columns);
    if (a.columns == 0) {
        return {};
    }
    const Phase phase("linalg/householder_tsqr");
    Matrix r = householder_tsqr(a, communicator);
    make_diagonal_positive(r);
    communicator.broadcast(r.data(), static_cast<Index>(r.values.size()));
    if (!std::all_of(r.values.begin(), r.values.end(), [](double x) { return std::isfinite(x); })) {
        throw_not_finite(a.columns);
    }
    return r;
}

template <typename T>
Matrix tall_qr_r(SlabMatrix<const T> a, const Communicator& communicator, TallQrRoute& route) {
    require_size(a.columns);
    route = TallQrRoute::cholesky;
    if (a.columns == 0) {
        return {};
    }
    {
        const Phase phase("linalg/cholesky_qr2");
        if (std::optional<Matrix> r = cholesky_qr2(a, communicator)) {
            return *std::move(r);
        }
    }
    route = TallQrRoute::householder;
    return householder_tall_qr_r(a, communicator);
}

template <typename T>
TallSvd tall_svd(SlabMatrix<const T> a, const Communicator& communicator) {
    const Index n = a.columns;
    TallSvd result{std::vector<double>(static_cast<std::size_t>(n)), Matrix(n, n)};
    const Matrix r = tall_qr_r(a, communicator, result.route);
    const Phase phase("linalg/small_svd");
    // Rank 0 computes and sends: on a mixed cluster the library may choose other kernels, and so
    // other bits, on other ranks, and what is replicated must agree to the last bit.
    agree_on_rank_0(communicator, [&] {
        DenseSvd small = dense_svd(r);
        fix_signs(small.v);
        result.singular_values = std::move(small.singular_values);
        result.v = std::move(small.v);
    });
    communicator.broadcast(result.singular_values.data(), n);
    communicator.broadcast(result.v.data(), n * n);
    return result;
}

#define TESSERA_INSTANTIATE(T)                                                            \
    template Matrix householder_tall_qr_r<T>(SlabMatrix<const T>, const Communicator&);   \
    template Matrix tall_qr_r<T>(SlabMatrix<const T>, const Communicator&, TallQrRoute&); \
    template TallSvd tall_svd<T>(SlabMatrix<const T>, const Communicator&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
