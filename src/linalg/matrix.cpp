#include "tessera/linalg/matrix.hpp"

#include <algorithm>

#include "tessera/linalg/blas.hpp"

namespace tessera {

Matrix first_columns(const Matrix& matrix, Index count) {
    Matrix result(matrix.rows, count);
    std::copy_n(matrix.data(), result.values.size(), result.data());
    return result;
}

Matrix scale_columns(Matrix a, const std::vector<double>& factors) {
    for (Index column = 0; column < a.columns; ++column) {
        for (Index row = 0; row < a.rows; ++row) {
            a(row, column) *= factors[static_cast<std::size_t>(column)];
        }
    }
    return a;
}

Matrix transposed(const Matrix& a) {
    Matrix result(a.columns, a.rows);
    for (Index column = 0; column < a.columns; ++column) {
        for (Index row = 0; row < a.rows; ++row) {
            result(column, row) = a(row, column);
        }
    }
    return result;
}

Matrix product(blas::Transpose transpose_a, blas::Transpose transpose_b, const Matrix& a,
               const Matrix& b) {
    const bool flipped = transpose_a == blas::Transpose::yes;
    const Index depth = flipped ? a.rows : a.columns;
    Matrix result(flipped ? a.columns : a.rows,
                  transpose_b == blas::Transpose::yes ? b.rows : b.columns);
    if (depth > 0 && result.rows > 0 && result.columns > 0) {
        blas::gemm<double>(transpose_a, transpose_b, result.rows, result.columns, depth, 1.0,
                           a.data(), a.rows, b.data(), b.rows, 0.0, result.data(), result.rows);
    }
    return result;
}

}  // namespace tessera
