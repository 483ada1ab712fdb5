#pragma once

#include <vector>

#include "tessera/base/types.hpp"

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
