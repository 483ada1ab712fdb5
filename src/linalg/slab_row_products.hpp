#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "dot_tile.hpp"
#include "slab_panel.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/matrix.hpp"
#include "vector_tile.hpp"

/// Products of a panel of rows with a small factor, by the tiles that suit its layout.
namespace tessera::slab {

using tile::half;
using tile::max_broadcasts;
using tile::max_width;

// A small right-hand factor (depth x width) as the tiles want it: row-major in T, each row padded
// with zeros to whole half vectors.
template <typename T>
class Factor {
  public:
    Factor(const Matrix& matrix, bool transposed)
        : depth(transposed ? matrix.columns : matrix.rows),
          width(transposed ? matrix.rows : matrix.columns),
          stride((width + half<T> - 1) / half<T> * half<T>),
          column_stride((depth + tile::full<T> - 1) / tile::full<T> * tile::full<T>),
          entries_("slab factor", static_cast<std::size_t>(depth * stride)),
          columns_("slab factor", static_cast<std::size_t>(width * column_stride)) {
        for (Index l = 0; l < depth; ++l) {
            for (Index i = 0; i < width; ++i) {
                entries_(l * stride + i) = static_cast<T>(transposed ? matrix(i, l) : matrix(l, i));
                columns_(i * column_stride + l) = entries_(l * stride + i);
            }
        }
    }

    [[nodiscard]] const T* data() const { return entries_.data(); }
    [[nodiscard]] const T* columns() const { return columns_.data(); }
    // Beyond the second-level cache the library's blocking is better than the tiles'.
    [[nodiscard]] bool wants_blas() const {
        constexpr Index cache_bytes = Index{256} * 1024;
        return depth * stride * static_cast<Index>(sizeof(T)) > cache_bytes;
    }

    // Whether vectors along the depth do less work than vectors along the columns; adding up the
    // lanes of a tile's sums and reading the rows anew costs about as much as six products.
    [[nodiscard]] bool prefers_dots() const {
        const Index along_columns = (width + tile::full<T> - 1) / tile::full<T> * depth;
        const Index along_depth = width * (column_stride / tile::full<T> + 6);
        return along_depth < along_columns;
    }

    Index depth;
    Index width;
    Index stride;
    Index column_stride;

  private:
    HostView<T> entries_;
    HostView<T> columns_;  // each contiguous, padded with zeros to whole vectors
};

template <typename T>
std::uintptr_t address(const T* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

// Slabs with fewer rows than this are multiplied row by row, the others with rows along vectors.
template <typename T>
constexpr Index min_vector_rows = 4 * tile::full<T>;

// out = a b where each row of `a` gives the factors and `b` the vectors: any strides.
template <typename T>
void rows_as_factors(const Panel<const T>& a, const Factor<T>& b, const Panel<T>& out) {
    const Index rows = a.rows();
    const bool direct = out.column_stride == 1;
    T buffer[max_broadcasts * max_width<T>];
    tile::Operands<T> operands;
    operands.depth = b.depth;
    operands.a_stride = b.stride;
    operands.b_stride = a.column_stride;
    for (Index row = 0; row < rows; row += max_broadcasts) {
        const auto count = static_cast<int>(std::min<Index>(max_broadcasts, rows - row));
        for (int j = 0; j < count; ++j) {
            operands.b[j] = a.row(row + j);
        }
        // The next rows follow within the slab or in the next one: as many bytes on either way.
        const auto block = static_cast<std::uintptr_t>(count) * sizeof(T);
        tile::Ahead<1> ahead{address(operands.b[0]) + block * static_cast<std::uintptr_t>(b.depth),
                             block};
        for (Index first = 0; first < b.width; first += max_width<T>) {
            operands.a = b.data() + first;
            operands.width = std::min<Index>(max_width<T>, b.width - first);
            for (int j = 0; j < count; ++j) {
                operands.c[j] = direct ? out.row(row + j) + first : buffer + j * max_width<T>;
            }
            tile::multiply_any<false>(operands, count, ahead);
            ahead = {address(operands.b[0]), 0};
            for (int j = 0; j < count && !direct; ++j) {
                T* to = out.row(row + j) + first * out.column_stride;
                for (Index i = 0; i < operands.width; ++i) {
                    to[i * out.column_stride] = operands.c[j][i];
                }
            }
        }
    }
}

// out = a b where the rows of `a` and of `out` are contiguous.
template <typename T>
void rows_by_dots(const Panel<const T>& a, const Factor<T>& b, const Panel<T>& out) {
    constexpr int size = tile::full<T>;
    const Index rows = a.rows();
    const Index whole = b.depth / size * size;
    T tails[tile::dot_rows * size] = {};
    tile::DotOperands<T> operands;
    operands.depth = b.depth;
    operands.a_stride = a.slab_stride;
    operands.tail = tails;
    operands.b_stride = b.column_stride;
    operands.c_stride = out.slab_stride;
    const auto block = [&]<int count>(Index row) {
        operands.a = a.row(row);
        for (int i = 0; i < count; ++i) {
            std::copy_n(operands.a + i * a.slab_stride + whole, b.depth - whole, tails + i * size);
        }
        // The next rows, a line with each vector's products: they arrive evenly.
        constexpr std::uintptr_t line_bytes = 64;
        tile::Ahead<1> ahead{address(operands.a + count * a.slab_stride), line_bytes};
        Index column = 0;
        for (; column + tile::dot_columns <= b.width; column += tile::dot_columns) {
            operands.b = b.columns() + column * b.column_stride;
            operands.c = out.row(row) + column;
            tile::multiply_dots<count, tile::dot_columns>(operands, ahead);
            ahead.next += static_cast<std::uintptr_t>(whole / size) * line_bytes;
        }
        for (; column < b.width; ++column) {
            operands.b = b.columns() + column * b.column_stride;
            operands.c = out.row(row) + column;
            tile::multiply_dots<count, 1>(operands, ahead);
        }
    };
    Index row = 0;
    for (; row + tile::dot_rows <= rows; row += tile::dot_rows) {
        block.template operator()<tile::dot_rows>(row);
    }
    for (; row < rows; ++row) {
        block.template operator()<1>(row);
    }
}

// out = a b for the first `rows` rows (a multiple of half<T>) of every slab, where consecutive rows
// fill vectors and `b` is narrow: each line of `a` is read once for many columns of `b`.
template <typename T>
void rows_by_columns(const Panel<const T>& a, const Factor<T>& b, Index rows, const Panel<T>& out) {
    const Index groups = (b.width + tile::max_columns - 1) / tile::max_columns;
    const Index group = (b.width + groups - 1) / groups;
    const auto stride = static_cast<std::uintptr_t>(a.column_stride) * sizeof(T);
    tile::ColumnOperands<T> operands;
    operands.depth = b.depth;
    operands.a_stride = a.column_stride;
    operands.b_stride = b.stride;
    operands.c_stride = out.column_stride;
    for (Index slab = 0; slab < a.slabs; ++slab) {
        const T* from = a.data + slab * a.slab_stride;
        T* to = out.data + slab * out.slab_stride;
        for (Index row = 0; row < rows; row += tile::full<T>) {
            operands.a = from + row;
            // After the last rows of a slab come the first ones of the next slab.
            const bool last = row + tile::full<T> >= a.right && a.right == a.column_stride;
            tile::Ahead<2> ahead{address(last ? from + a.slab_stride : operands.a + tile::full<T>),
                                 stride};
            for (Index first = 0; first < b.width; first += group) {
                const auto columns = static_cast<int>(std::min(group, b.width - first));
                operands.b = b.data() + first;
                operands.c = to + first * out.column_stride + row;
                if (row + tile::full<T> <= rows) {
                    tile::multiply_any_columns<tile::vector_bytes>(operands, columns, ahead);
                } else {
                    tile::multiply_any_columns<tile::vector_bytes / 2>(operands, columns, ahead);
                }
                ahead = {address(operands.a), 0};
            }
        }
    }
}

// The same where `b` is wider than deep: tiles of several vectors write whole runs of each column.
template <typename T>
void rows_by_runs(const Panel<const T>& a, const Factor<T>& b, Index rows, const Panel<T>& out) {
    tile::Operands<T> operands;
    operands.depth = b.depth;
    operands.a_stride = a.column_stride;
    operands.b_stride = b.stride;
    for (Index slab = 0; slab < a.slabs; ++slab) {
        const T* from = a.data + slab * a.slab_stride;
        T* to = out.data + slab * out.slab_stride;
        for (Index row = 0; row < rows; row += max_width<T>) {
            operands.a = from + row;
            operands.width = std::min<Index>(max_width<T>, rows - row);
            const auto stride = static_cast<std::uintptr_t>(a.column_stride) * sizeof(T);
            tile::Ahead<4> ahead{address(operands.a + operands.width), stride};
            for (Index first = 0; first < b.width; first += max_broadcasts) {
                const auto count =
                    static_cast<int>(std::min<Index>(max_broadcasts, b.width - first));
                for (int j = 0; j < count; ++j) {
                    operands.b[j] = b.data() + first + j;
                    operands.c[j] = to + (first + j) * out.column_stride + row;
                }
                tile::multiply_any<false>(operands, count, ahead);
                ahead = {address(operands.a), 0};
            }
        }
    }
}

// out = a b for panels whose slabs have many rows: consecutive rows fill vectors, `b` gives
// factors.
template <typename T>
void rows_as_vectors(const Panel<const T>& a, const Factor<T>& b, const Panel<T>& out) {
    const Index whole = a.right / half<T> * half<T>;
    if (b.width <= b.depth) {
        rows_by_columns(a, b, whole, out);
    } else {
        rows_by_runs(a, b, whole, out);
    }
    if (whole < a.right) {
        rows_as_factors<T>(
            {a.data + whole, a.slabs, a.right - whole, a.slab_stride, a.column_stride}, b,
            {out.data + whole, out.slabs, a.right - whole, out.slab_stride, out.column_stride});
    }
}

// The same by the library, for factors that do not stay in cache.
template <typename T>
void rows_by_blas(const Panel<const T>& a, const Factor<T>& b, const Panel<T>& out,
                  std::vector<T>& gathered) {
    using blas::Transpose;
    constexpr Index few_rows = 32;
    if (a.right == out.right && a.right >= few_rows) {
        for (Index slab = 0; slab < a.slabs; ++slab) {
            blas::gemm<T>(Transpose::no, Transpose::yes, a.right, b.width, b.depth, T{1},
                          a.data + slab * a.slab_stride, a.column_stride, b.data(), b.stride, T{0},
                          out.data + slab * out.slab_stride, out.column_stride);
        }
        return;
    }
    // Row-major matrices are the library's transposed ones.
    const Index rows = a.rows();
    const bool gather_a = a.column_stride != 1;
    const bool scatter_out = out.column_stride != 1;
    const Index result_begin = gather_a ? rows * b.depth : 0;
    gathered.resize(static_cast<std::size_t>(result_begin + (scatter_out ? rows * b.width : 0)));
    if (gather_a) {
        gather(a, b.depth, gathered.data(), b.depth, 1);
    }
    T* result = scatter_out ? gathered.data() + result_begin : out.data;
    blas::gemm<T>(Transpose::no, Transpose::no, b.width, rows, b.depth, T{1}, b.data(), b.stride,
                  gather_a ? gathered.data() : a.data, gather_a ? b.depth : a.slab_stride, T{0},
                  result, scatter_out ? b.width : out.slab_stride);
    if (scatter_out) {
        scatter_rows(result, b.width, b.width, out);
    }
}

}  // namespace tessera::slab
