#include "tessera/linalg/slab_kernels.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "dot_tile.hpp"
#include "slab_panel.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/linalg/blas.hpp"
#include "vector_tile.hpp"

namespace tessera {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
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

// Copies the entries whose byte in `mask` is 0; all three panels have the same shape.
template <typename T>
void copy_missing(const Panel<const T>& from, const Panel<const std::uint8_t>& mask, Index columns,
                  const Panel<T>& to) {
    const auto copy = [](Index count, const T* source, const std::uint8_t* observed, T* target) {
        for (Index i = 0; i < count; ++i) {
            target[i] = observed[i] == 0 ? source[i] : target[i];
        }
    };
    for (Index slab = 0; slab < to.slabs; ++slab) {
        const T* source = from.data + slab * from.slab_stride;
        const std::uint8_t* observed = mask.data + slab * mask.slab_stride;
        T* target = to.data + slab * to.slab_stride;
        if (to.right == to.column_stride && from.right == from.column_stride) {
            copy(columns * to.right, source, observed, target);
            continue;
        }
        for (Index c = 0; c < columns; ++c) {
            copy(to.right, source + c * from.column_stride, observed + c * mask.column_stride,
                 target + c * to.column_stride);
        }
    }
}

// out = a first, or (a first) second, all entries or only the missing ones, panel by panel. A panel
// of `a` is read whole before the same rows of `out` are written.
template <typename T>
class Pipeline {
  public:
    Pipeline(SlabMatrix<const T> a, const Factor<T>& first, const Factor<T>* second,
             const std::uint8_t* mask, SlabMatrix<T> out)
        : a_(a),
          first_(first),
          second_(second),
          mask_{mask, out.left, out.columns, out.right},
          out_(out),
          blas_(first.wants_blas() || (second != nullptr && second->wants_blas())),
          cut_(a, blas_ ? blas_panel_rows : tile_panel_rows) {
        const Index width = second != nullptr ? second->width : first.width;
        TESSERA_ASSERT(a.left == out.left && a.right == out.right, "slabs do not agree");
        TESSERA_ASSERT(a.columns == first.depth && width == out.columns &&
                           (second == nullptr || first.width == second->depth),
                       "columns of a slab product do not agree");
    }

    void run() const {
        const Index workers = std::min<Index>(blas_ ? 1 : Host().concurrency(), cut_.count());
        std::vector<Scratch> scratch(static_cast<std::size_t>(workers));
        for (Scratch& own : scratch) {
            const Index rows = cut_.max_rows();
            own.product.resize(
                static_cast<std::size_t>(second_ != nullptr ? rows * first_.width : 0));
            own.estimate.resize(
                static_cast<std::size_t>(mask_.data != nullptr ? rows * out_.columns : 0));
        }
        if (blas_) {  // the library brings its own threads and must not be called in a kernel
            for (Index index = 0; index < cut_.count(); ++index) {
                run_panel(index, scratch.front());
            }
            return;
        }
        Kokkos::parallel_for(
            "tessera::slab_product", Kokkos::RangePolicy<Host>(0, workers), [&](Index worker) {
                Scratch& own = scratch[static_cast<std::size_t>(worker)];
                const Index end = cut_.count() * (worker + 1) / workers;
                for (Index index = cut_.count() * worker / workers; index < end; ++index) {
                    run_panel(index, own);
                }
            });
        Host().fence("tessera::slab_product");
    }

  private:
    static constexpr Index tile_panel_rows = 240;
    static constexpr Index blas_panel_rows = 4096;

    struct Scratch {
        std::vector<T> product;   // a first
        std::vector<T> estimate;  // the result, where only a part of it is written
        std::vector<T> gathered;
    };

    void run_panel(Index index, Scratch& scratch) const {
        const Panel<const T> a = cut_.panel(a_, index);
        const Panel<T> out = cut_.panel(out_, index);
        Panel<T> target = out;
        if (mask_.data != nullptr) {
            target = {scratch.estimate.data(), out.slabs, out.right, out_.columns * out.right,
                      out.right};
        }
        if (second_ == nullptr) {
            product(a, first_, target, scratch);
        } else {
            const Index k = first_.width;
            T* data = scratch.product.data();
            const Panel<T> middle = a.right >= min_vector_rows<T>
                                        ? Panel<T>{data, a.slabs, a.right, k * a.right, a.right}
                                        : Panel<T>{data, a.rows(), 1, k, 1};
            product(a, first_, middle, scratch);
            product(
                {middle.data, middle.slabs, middle.right, middle.slab_stride, middle.column_stride},
                *second_, target, scratch);
        }
        if (mask_.data != nullptr) {
            copy_missing<T>(
                {target.data, target.slabs, target.right, target.slab_stride, target.column_stride},
                cut_.panel(mask_, index), out_.columns, out);
        }
    }

    void product(const Panel<const T>& a, const Factor<T>& b, const Panel<T>& out,
                 Scratch& scratch) const {
        if (blas_) {
            rows_by_blas(a, b, out, scratch.gathered);
        } else if (a.right >= min_vector_rows<T> && a.right == out.right) {
            rows_as_vectors(a, b, out);
        } else if (a.column_stride == 1 && out.column_stride == 1 && b.prefers_dots()) {
            rows_by_dots(a, b, out);
        } else {
            rows_as_factors(a, b, out);
        }
    }

    SlabMatrix<const T> a_;
    const Factor<T>& first_;
    const Factor<T>* second_;
    SlabMatrix<const std::uint8_t> mask_;
    SlabMatrix<T> out_;
    bool blas_;
    PanelCut cut_;
};

}  // namespace

template <typename T>
void multiply(SlabMatrix<const T> a, const Matrix& w, SlabMatrix<T> out) {
    const Factor<T> factor(w, false);
    Pipeline<T>(a, factor, nullptr, nullptr, out).run();
}

template <typename T>
void project(SlabMatrix<const T> a, const Matrix& w, const Matrix& v, SlabMatrix<T> out) {
    project_missing<T>(a, w, v, nullptr, out);
}

template <typename T>
void project_missing(SlabMatrix<const T> a, const Matrix& w, const Matrix& v,
                     const std::uint8_t* mask, SlabMatrix<T> out) {
    const Factor<T> first(w, false);
    const Factor<T> second(v, true);
    Pipeline<T>(a, first, &second, mask, out).run();
}

template <typename T>
void reconstruct(SlabMatrix<const T> u, const Matrix& v, SlabMatrix<T> out) {
    reconstruct_missing<T>(u, v, nullptr, out);
}

template <typename T>
void reconstruct_missing(SlabMatrix<const T> u, const Matrix& v, const std::uint8_t* mask,
                         SlabMatrix<T> out) {
    const Factor<T> factor(v, true);
    Pipeline<T>(u, factor, nullptr, mask, out).run();
}

#define TESSERA_INSTANTIATE(T)                                                                    \
    template void multiply<T>(SlabMatrix<const T>, const Matrix&, SlabMatrix<T>);                 \
    template void project<T>(SlabMatrix<const T>, const Matrix&, const Matrix&, SlabMatrix<T>);   \
    template void project_missing<T>(SlabMatrix<const T>, const Matrix&, const Matrix&,           \
                                     const std::uint8_t*, SlabMatrix<T>);                         \
    template void reconstruct<T>(SlabMatrix<const T>, const Matrix&, SlabMatrix<T>);              \
    template void reconstruct_missing<T>(SlabMatrix<const T>, const Matrix&, const std::uint8_t*, \
                                         SlabMatrix<T>);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
