#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "../tensor/test_tensors.hpp"
#include "memory_archive.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/problem/problem.hpp"

/// Small problems for the svd method, with replicated copies of their entries, and the plain dense
/// algebra to judge it by.

namespace tessera::test_support {

/// Row-major entries of the unfolding whose columns are the marked modes, as a dense matrix.
inline Matrix dense_unfolding(const std::vector<double>& entries, const Extents& shape,
                              const std::vector<bool>& is_column) {
    Extents column_shape = shape;
    Extents row_shape = shape;
    for (int mode = 0; mode < shape.order(); ++mode) {
        (is_column[static_cast<std::size_t>(mode)] ? row_shape : column_shape)[mode] = 1;
    }
    Matrix matrix(row_shape.product(), column_shape.product());
    for (Index offset = 0; offset < shape.product(); ++offset) {
        const Extents position = row_major_position(offset, shape);
        Extents row = position;
        Extents column = position;
        for (int mode = 0; mode < shape.order(); ++mode) {
            (is_column[static_cast<std::size_t>(mode)] ? row : column)[mode] = 0;
        }
        matrix(row_major_offset(row, row_shape), row_major_offset(column, column_shape)) =
            entries[static_cast<std::size_t>(offset)];
    }
    return matrix;
}

/// u diag(values) v^T with the first singular values replaced and the others dropped.
inline Matrix recompose(const DenseSvd& svd, const std::vector<double>& values) {
    Matrix result(svd.u.rows, svd.v.rows);
    for (std::size_t k = 0; k < values.size(); ++k) {
        const auto triplet = static_cast<Index>(k);
        for (Index column = 0; column < result.columns; ++column) {
            for (Index row = 0; row < result.rows; ++row) {
                result(row, column) += svd.u(row, triplet) * values[k] * svd.v(column, triplet);
            }
        }
    }
    return result;
}

/// Sum of `rank` products of random vectors, one per mode: every unfolding has that rank.
inline std::vector<double> low_rank_entries(const Extents& shape, int rank, std::uint64_t seed) {
    const Random random(seed, 1);
    std::vector<double> entries(static_cast<std::size_t>(shape.product()), 0.0);
    for (Index offset = 0; offset < shape.product(); ++offset) {
        const Extents position = row_major_position(offset, shape);
        for (int term = 0; term < rank; ++term) {
            double product = 1.0;
            for (int mode = 0; mode < shape.order(); ++mode) {
                const Index key = position[mode] + 1000 * (mode + 10 * term);
                product *= 0.5 + random.uniform(key);
            }
            entries[static_cast<std::size_t>(offset)] += product;
        }
    }
    return entries;
}

template <typename T>
Problem<T> problem_of(const std::vector<T>& entries, const Partition& partition,
                      std::vector<std::string> axes) {
    return {tensor_of(entries, partition), std::nullopt, NoiseModel{}, std::move(axes),
            std::nullopt};
}

}  // namespace tessera::test_support
