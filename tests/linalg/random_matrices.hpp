#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tessera/linalg/dense_svd.hpp"

/// Matrices to test with, and naive measures of their properties.
namespace tessera::test_matrices {

/// Independent standard normal entries.
inline Matrix random_matrix(Index rows, Index columns, unsigned seed) {
    Matrix result(rows, columns);
    std::mt19937 generator(seed);
    std::normal_distribution<double> normal;
    for (double& entry : result.values) {
        entry = normal(generator);
    }
    return result;
}

inline Matrix product(const Matrix& a, const Matrix& b) {
    Matrix result(a.rows, b.columns);
    for (Index j = 0; j < b.columns; ++j) {
        for (Index l = 0; l < a.columns; ++l) {
            for (Index i = 0; i < a.rows; ++i) {
                result(i, j) += a(i, l) * b(l, j);
            }
        }
    }
    return result;
}

/// rows x columns with those singular values (at most min(rows, columns) of them, the others 0) and
/// random singular vectors.
inline Matrix with_singular_values(Index rows, Index columns, const std::vector<double>& values,
                                   unsigned seed) {
    const auto k = static_cast<Index>(values.size());
    Matrix u = dense_qr(random_matrix(rows, k, seed)).q;
    const Matrix v = dense_qr(random_matrix(columns, k, seed + 1)).q;
    for (Index j = 0; j < k; ++j) {
        for (Index i = 0; i < rows; ++i) {
            u(i, j) *= values[static_cast<std::size_t>(j)];
        }
    }
    return product(u, transposed(v));
}

/// Largest magnitude of an entry of a - b; infinite when their shapes differ.
inline double difference(const Matrix& a, const Matrix& b) {
    if (a.rows != b.rows || a.columns != b.columns) {
        return std::numeric_limits<double>::infinity();
    }
    double worst = 0.0;
    for (std::size_t i = 0; i < a.values.size(); ++i) {
        const double error = std::abs(a.values[i] - b.values[i]);
        worst = error <= worst ? worst : error;  // lets a NaN through
    }
    return worst;
}

inline Matrix identity(Index n) {
    Matrix result(n, n);
    for (Index i = 0; i < n; ++i) {
        result(i, i) = 1.0;
    }
    return result;
}

/// Largest magnitude of an entry of v^T v - 1.
inline double orthonormality_error(const Matrix& v) {
    return difference(product(transposed(v), v), identity(v.columns));
}

/// u diag(s) v^T.
inline Matrix compose(Matrix u, const std::vector<double>& s, const Matrix& v) {
    for (Index j = 0; j < u.columns; ++j) {
        for (Index i = 0; i < u.rows; ++i) {
            u(i, j) *= s[static_cast<std::size_t>(j)];
        }
    }
    return product(u, transposed(v));
}

}  // namespace tessera::test_matrices
