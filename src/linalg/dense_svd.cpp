#include "tessera/linalg/dense_svd.hpp"

#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "narrow.hpp"

namespace tessera {
namespace {

std::string shape_text(const Matrix& a) {
    return std::to_string(a.rows) + " x " + std::to_string(a.columns);
}

void require_finite(const Matrix& a, const char* what) {
    if (!std::all_of(a.values.begin(), a.values.end(), [](double x) { return std::isfinite(x); })) {
        throw ConvergenceError(std::string(what) + " of a " + shape_text(a) +
                               " matrix is impossible: it has a NaN or an infinite entry");
    }
}

// LAPACK's leading dimensions are 1 at least.
int leading(Index rows) { return std::max(narrow(rows), 1); }

// Runs a LAPACK routine twice: for the size of its work array, then for its result.
template <typename Call>
int with_workspace(Call call) {
    double size = 0.0;
    int info = call(&size, -1);
    if (info == 0) {
        std::vector<double> work(static_cast<std::size_t>(std::max(size, 1.0)));
        info = call(work.data(), static_cast<int>(work.size()));
    }
    TESSERA_ASSERT(info >= 0, "LAPACK refused its argument " + std::to_string(-info));
    return info;
}

// u and vt are null for singular values alone. Both routines destroy their copy of a.
int divide_and_conquer(Matrix a, std::vector<double>& values, Matrix* u, Matrix* vt) {
    const Index k = static_cast<Index>(values.size());
    std::vector<int> integers(static_cast<std::size_t>(8 * k));
    return with_workspace([&](double* work, int size) {
        return LAPACKE_dgesdd_work(
            LAPACK_COL_MAJOR, u != nullptr ? 'S' : 'N', narrow(a.rows), narrow(a.columns), a.data(),
            leading(a.rows), values.data(), u != nullptr ? u->data() : nullptr, leading(a.rows),
            vt != nullptr ? vt->data() : nullptr, leading(k), work, size, integers.data());
    });
}

int qr_iteration(Matrix a, std::vector<double>& values, Matrix* u, Matrix* vt) {
    const Index k = static_cast<Index>(values.size());
    const char job = u != nullptr ? 'S' : 'N';
    return with_workspace([&](double* work, int size) {
        return LAPACKE_dgesvd_work(LAPACK_COL_MAJOR, job, job, narrow(a.rows), narrow(a.columns),
                                   a.data(), leading(a.rows), values.data(),
                                   u != nullptr ? u->data() : nullptr, leading(a.rows),
                                   vt != nullptr ? vt->data() : nullptr, leading(k), work, size);
    });
}

std::vector<double> solve(const Matrix& a, Matrix* u, Matrix* vt) {
    require_finite(a, "the singular value decomposition");
    std::vector<double> values(static_cast<std::size_t>(std::min(a.rows, a.columns)));
    if (values.empty()) {
        return values;
    }
    if (divide_and_conquer(a, values, u, vt) != 0 && qr_iteration(a, values, u, vt) != 0) {
        throw ConvergenceError("LAPACK found no singular value decomposition of a " +
                               shape_text(a) + " matrix");
    }
    return values;
}

}  // namespace

DenseSvd dense_svd(const Matrix& a) {
    const Index k = std::min(a.rows, a.columns);
    DenseSvd result{Matrix(a.rows, k), {}, {}};
    Matrix vt(k, a.columns);
    result.singular_values = solve(a, &result.u, &vt);
    result.v = transposed(vt);
    return result;
}

std::vector<double> dense_singular_values(const Matrix& a) { return solve(a, nullptr, nullptr); }

SymmetricEigen symmetric_eigen(const Matrix& a) {
    TESSERA_ASSERT(a.rows == a.columns, "a " + shape_text(a) + " matrix is not symmetric");
    Matrix work = a;
    for (Index column = 0; column < a.columns; ++column) {
        for (Index row = column + 1; row < a.rows; ++row) {
            work(row, column) = a(column, row);
        }
    }
    require_finite(work, "the eigenvalue decomposition");
    SymmetricEigen result{std::vector<double>(static_cast<std::size_t>(a.rows)),
                          Matrix(a.rows, a.columns)};
    if (a.rows == 0) {
        return result;
    }
    std::vector<int> integers(static_cast<std::size_t>(5 * a.rows + 3));
    const int info = with_workspace([&](double* reals, int size) {
        return LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', narrow(a.rows), work.data(),
                                   leading(a.rows), result.values.data(), reals, size,
                                   integers.data(), size < 0 ? -1 : narrow(5 * a.rows + 3));
    });
    if (info != 0) {
        throw ConvergenceError("LAPACK found no eigenvalue decomposition of a " + shape_text(a) +
                               " matrix");
    }
    std::reverse(result.values.begin(), result.values.end());
    for (Index column = 0; column < a.columns; ++column) {
        const double* from =
            &work.values[static_cast<std::size_t>((a.columns - 1 - column) * a.rows)];
        std::copy(from, from + a.rows, result.vectors.data() + column * a.rows);
    }
    return result;
}

DenseQr dense_qr(const Matrix& a) {
    const Index k = std::min(a.rows, a.columns);
    DenseQr result{Matrix(a.rows, k), Matrix(k, a.columns)};
    if (k == 0) {
        return result;
    }
    Matrix factor = a;
    std::vector<double> scales(static_cast<std::size_t>(k));
    with_workspace([&](double* work, int size) {
        return LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, narrow(a.rows), narrow(a.columns),
                                   factor.data(), leading(a.rows), scales.data(), work, size);
    });
    for (Index column = 0; column < a.columns; ++column) {
        for (Index row = 0; row <= std::min(column, k - 1); ++row) {
            result.r(row, column) = factor(row, column);
        }
    }
    std::copy_n(factor.data(), a.rows * k, result.q.data());
    with_workspace([&](double* work, int size) {
        return LAPACKE_dorgqr_work(LAPACK_COL_MAJOR, narrow(a.rows), narrow(k), narrow(k),
                                   result.q.data(), leading(a.rows), scales.data(), work, size);
    });
    for (Index row = 0; row < k; ++row) {
        if (result.r(row, row) < 0.0) {
            for (Index column = row; column < a.columns; ++column) {
                result.r(row, column) = -result.r(row, column);
            }
            for (Index entry = 0; entry < a.rows; ++entry) {
                result.q(entry, row) = -result.q(entry, row);
            }
        }
    }
    return result;
}

void fix_signs(Matrix& v, Matrix* partner) {
    const auto flip = [](Matrix& matrix, Index column) {
        for (Index row = 0; row < matrix.rows; ++row) {
            matrix(row, column) = -matrix(row, column);
        }
    };
    for (Index column = 0; column < v.columns; ++column) {
        double largest = 0.0;
        for (Index row = 0; row < v.rows; ++row) {
            largest = std::max(largest, std::abs(v(row, column)));
        }
        Index deciding = 0;
        while (deciding < v.rows && std::abs(v(deciding, column)) < largest * (1.0 - 1e-8)) {
            ++deciding;
        }
        if (deciding < v.rows && v(deciding, column) < 0.0) {
            flip(v, column);
            if (partner != nullptr) {
                flip(*partner, column);
            }
        }
    }
}

}  // namespace tessera
