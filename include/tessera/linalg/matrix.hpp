#pragma once

#include <vector>

#include "tessera/base/types.hpp"
#include "tessera/linalg/blas.hpp"

namespace tessera {

/// A small dense column-major matrix of float64 in host memory, replicated on every rank: spectra,
/// bases of the short side, triangular factors.
struct Matrix {
    Matrix() = default;
    /// Zeros.
    Matrix(Index row_count, Index column_count)
        : rows(row_count),
          columns(column_count),
          values(static_cast<std::size_t>(row_count * column_count), 0.0) {}

    [[nodiscard]] double& operator()(Index row, Index column) {
        return values[static_cast<std::size_t>(row + column * rows)];
    }
    [[nodiscard]] double operator()(Index row, Index column) const {
        return values[static_cast<std::size_t>(row + column * rows)];
    }
    [[nodiscard]] double* data() { return values.data(); }
    [[nodiscard]] const double* data() const { return values.data(); }

    Index rows = 0;
    Index columns = 0;
    std::vector<double> values;
};

/// The first `count` columns of a matrix.
[[nodiscard]] Matrix first_columns(const Matrix& matrix, Index count);

/// a diag(factors): every column times its factor.
[[nodiscard]] Matrix scale_columns(Matrix a, const std::vector<double>& factors);

/// A matrix with its rows and columns exchanged.
[[nodiscard]] Matrix transposed(const Matrix& a);

/// op(a) op(b).
[[nodiscard]] Matrix product(blas::Transpose transpose_a, blas::Transpose transpose_b,
                             const Matrix& a, const Matrix& b);

/// A rank's part of a tall matrix, as it lies in a row-major tensor block: `left` slabs of
/// `columns` x `right` entries; entry (row l * right + r, column c) is data[(l * columns + c) *
/// right + r]. right == 1 is an ordinary row-major matrix. Whole rows are on one rank.
template <typename T>
struct SlabMatrix {
    T* data = nullptr;
    Index left = 0;
    Index columns = 0;
    Index right = 0;

    [[nodiscard]] Index rows() const { return left * right; }
};

}  // namespace tessera
