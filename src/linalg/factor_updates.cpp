#include "tessera/linalg/factor_updates.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>

#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/dense_svd.hpp"

namespace tessera {

Matrix pseudo_inverse(const Matrix& gram) {
    const SymmetricEigen eigen = symmetric_eigen(gram);
    const Index size = gram.rows;
    const double largest = eigen.values.empty() ? 0.0 : std::max(0.0, eigen.values.front());
    const double smallest = static_cast<double>(size) * 1e-15 * largest;
    Matrix scaled(size, size);
    for (Index k = 0; k < size; ++k) {
        const double value = eigen.values[static_cast<std::size_t>(k)];
        const double factor = value > smallest ? 1.0 / std::sqrt(value) : 0.0;
        for (Index i = 0; i < size; ++i) {
            scaled(i, k) = factor * eigen.vectors(i, k);
        }
    }
    Matrix inverse(size, size);
    blas::gemm<double>(blas::Transpose::no, blas::Transpose::yes, size, size, size, 1.0,
                       scaled.data(), size, scaled.data(), size, 0.0, inverse.data(), size);
    return inverse;
}

void multiply_rows(const double* rhs, Index rows, const Matrix& inverse, double* out) {
    if (rows == 0) {
        return;
    }
    // Row-major matrices are the library's transposed ones; the inverse is symmetric.
    blas::gemm<double>(blas::Transpose::no, blas::Transpose::no, inverse.rows, rows, inverse.rows,
                       1.0, inverse.data(), inverse.rows, rhs, inverse.rows, 0.0, out,
                       inverse.rows);
}

void nonnegative_rows(const double* rhs, Index rows, const Matrix& gram, double* x) {
    const Index rank = gram.rows;
    const double* matrix = gram.data();
    Kokkos::parallel_for("tessera::nonnegative_rows",
                         Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace>(0, rows),
                         [=](Index row) {
                             double* own = x + row * rank;
                             for (Index r = 0; r < rank; ++r) {
                                 const double* column = matrix + r * rank;
                                 if (column[r] <= 0.0) {
                                     continue;
                                 }
                                 double gradient = -rhs[row * rank + r];
                                 for (Index q = 0; q < rank; ++q) {
                                     gradient += own[q] * column[q];
                                 }
                                 own[r] = std::max(least_entry, own[r] - gradient / column[r]);
                             }
                         });
    Kokkos::DefaultHostExecutionSpace().fence("tessera::nonnegative_rows");
}

Matrix gram_of_rows(const double* a, Index rows, Index rank) {
    Matrix gram(rank, rank);
    if (rows == 0) {
        return gram;
    }
    blas::syrk<double>(blas::Triangle::upper, blas::Transpose::no, rank, rows, 1.0, a, rank, 0.0,
                       gram.data(), rank);
    for (Index j = 0; j < rank; ++j) {
        for (Index i = 0; i < j; ++i) {
            gram(j, i) = gram(i, j);
        }
    }
    return gram;
}

}  // namespace tessera
