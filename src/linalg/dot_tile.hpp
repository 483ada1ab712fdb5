#pragma once

#include <algorithm>
#include <utility>

#include "vector_tile.hpp"

/// Register-blocked inner products of contiguous rows. Where few columns leave the vectors of
/// tile::multiply half empty (20 columns of floats fill 20 of 32 places), vectors along the rows
/// are full, and what adding up their lanes costs is shared by the sums of a tile.
namespace tessera::tile {

#if defined(__AVX512F__)
inline constexpr int dot_rows = 4;  ///< 4 x 4 accumulators of 32 registers
#else
inline constexpr int dot_rows = 2;
#endif
inline constexpr int dot_columns = 4;

/// Operands of a tile: c[i * c_stride + j] = sum over l < depth of a[i * a_stride + l] *
/// b[j * b_stride + l]. Rows of `b` are filled up with zeros to whole vectors; `tail` has for each
/// row of `a` its last, partly filled vector, filled up likewise.
template <typename T>
struct DotOperands {
    Index depth = 0;
    const T* a = nullptr;
    Index a_stride = 0;
    const T* tail = nullptr;
    const T* b = nullptr;
    Index b_stride = 0;
    T* c = nullptr;
    Index c_stride = 0;
};

/// Vectors whose lanes are being added up, the first `groups of 2 * h lanes` of each: the sums of
/// x's lane pairs at distance h, followed by those of y.
template <int h, typename Vector, int... lane>
[[gnu::always_inline]] inline Vector fold(Vector x, Vector y,
                                          std::integer_sequence<int, lane...> /*lanes*/) {
    constexpr int size = sizeof...(lane);
    constexpr auto from = [](int p) {
        const int within = p % (size / 2);
        return (p < size / 2 ? 0 : size) + within / h * 2 * h + within % h;
    };
#if defined(__CUDACC__)  // whose parser does not know the builtin
    const auto entry = [&](int p) { return p < size ? x[p] : y[p - size]; };
    return Vector{(entry(from(lane)) + entry(from(lane) + h))...};
#else
    return __builtin_shufflevector(x, y, from(lane)...) +
           __builtin_shufflevector(x, y, (from(lane) + h)...);
#endif
}

/// Replaces values[0] by the sums of the lanes of as many vectors as one has lanes, in the order of
/// reversed bits.
template <int h, typename Vector>
[[gnu::always_inline]] inline void add_lanes(Vector* values) {
    constexpr int size = static_cast<int>(sizeof(Vector) / sizeof(values[0][0]));
#pragma GCC unroll 16
    for (int i = 0; i < h; ++i) {
        values[i] = fold<h>(values[i], values[i + h], std::make_integer_sequence<int, size>());
    }
    if constexpr (h > 1) {
        add_lanes<h / 2>(values);
    }
}

constexpr int reversed_bits(int value, int size) {
    int result = 0;
    for (int bit = 1; bit < size; bit *= 2) {
        result = 2 * result + ((value & bit) != 0 ? 1 : 0);
    }
    return result;
}

/// rows x columns inner products. Each sum's order depends on `depth` alone, not on the tile.
template <int rows, int columns, int lines, typename T>
void multiply_dots(const DotOperands<T>& operands, Ahead<lines> ahead) {
    using Vector = VectorOf<T, vector_bytes>;
    constexpr int size = Vector::size;
    typename Vector::Type sum[rows * columns] = {};
    const auto add_products = [&](const T* a, Index a_stride, const T* b) {
        typename Vector::Type row[rows];
#pragma GCC unroll 4
        for (int i = 0; i < rows; ++i) {
            row[i] = Vector::load(a + i * a_stride);
            Vector::keep(row[i]);
        }
#pragma GCC unroll 4
        for (int j = 0; j < columns; ++j) {
            typename Vector::Type factor = Vector::load(b + j * operands.b_stride);
            Vector::keep(factor);
#pragma GCC unroll 4
            for (int i = 0; i < rows; ++i) {
                sum[i * columns + j] += row[i] * factor;
            }
        }
    };
    const Index whole = operands.depth / size * size;
    for (Index l = 0; l < whole; l += size) {
        ahead.fetch();
        add_products(operands.a + l, operands.a_stride, operands.b + l);
    }
    if (whole < operands.depth) {
        add_products(operands.tail, size, operands.b + whole);
    }
    constexpr int count = rows * columns;
    constexpr int padded = (count + size - 1) / size * size;
    T sums[padded];
#pragma GCC unroll 4
    for (int first = 0; first < padded; first += size) {
        typename Vector::Type group[size];
#pragma GCC unroll 16
        for (int i = 0; i < size; ++i) {
            group[reversed_bits(i, size)] =
                first + i < count ? sum[first + i] : typename Vector::Type{};
        }
        add_lanes<size / 2>(group);
        Vector::store(sums + first, group[0], size);
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
        std::copy_n(sums + i * columns, columns, operands.c + i * operands.c_stride);
    }
}

}  // namespace tessera::tile
