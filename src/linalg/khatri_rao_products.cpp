#include <Kokkos_Core.hpp>
#include <algorithm>
#include <vector>

#include "tessera/base/error.hpp"
#include "tessera/linalg/khatri_rao.hpp"
#include "vector_tile.hpp"

namespace tessera {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
using tile::half;
using tile::max_broadcasts;
using tile::max_width;

// How a product is cut into tasks: pieces of the result, and chunks of the sums over `depth`, each
// with partial sums of its own. By the shape alone, so that the bits do not depend on the threads.
struct Cut {
    Index depth = 0;
    Index results = 0;
    Index chunks = 1;
    Index pieces = 1;
    Index piece_size = 0;

    Cut(Index depth_of_sums, Index result_rows, Index rank)
        : depth(depth_of_sums), results(result_rows) {
        constexpr Index wanted_tasks = 64;
        constexpr Index fewest_terms = 1024;                 // of a chunk
        constexpr Index most_partial_sums = Index{1} << 19;  // of all chunks: 4 MiB
        constexpr Index most_piece_sums = Index{1} << 15;    // of a piece, kept in cache
        // Every tile width and number of broadcasts divides it, for float and double.
        constexpr Index piece_unit = 48;
        chunks = std::min(wanted_tasks, depth / fewest_terms);
        chunks = std::clamp<Index>(most_partial_sums / std::max<Index>(1, results * rank), 1,
                                   std::max<Index>(1, chunks));
        const Index parts = (wanted_tasks + chunks - 1) / chunks;
        piece_size = std::min((results + parts - 1) / parts, most_piece_sums / rank + 1);
        piece_size = (piece_size + piece_unit - 1) / piece_unit * piece_unit;
        pieces = (results + piece_size - 1) / piece_size;
    }
    [[nodiscard]] Index tasks() const { return chunks * pieces; }
    [[nodiscard]] Index chunk_begin(Index chunk) const { return depth * chunk / chunks; }
};

// A panel of the Khatri-Rao product in T, rows padded to whole half vectors.
template <typename T>
struct PanelShape {
    Index stride;
    Index rows;

    explicit PanelShape(Index rank) : stride((rank + half<T> - 1) / half<T> * half<T>) {
        constexpr Index panel_bytes = Index{128} * 1024;
        rows = std::clamp<Index>(panel_bytes / (stride * static_cast<Index>(sizeof(T))), 32, 512);
    }
};

template <typename T>
std::uintptr_t address(const T* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

// target (count x rank) += the products of `count` vectors of a matrix with `panel`, of `depth`
// rows. Vector i begins at a + i * vector_stride, its entries lie `entry_stride` apart.
template <typename T>
void add_by_factors(const T* a, Index count, Index vector_stride, Index entry_stride, Index depth,
                    const T* panel, Index panel_stride, Index rank, double* target) {
    T sums[max_broadcasts * max_width<T>];
    tile::Operands<T> operands;
    operands.depth = depth;
    operands.a_stride = panel_stride;
    operands.b_stride = entry_stride;
    for (Index first = 0; first < count; first += max_broadcasts) {
        const auto group = static_cast<int>(std::min<Index>(max_broadcasts, count - first));
        for (int j = 0; j < group; ++j) {
            operands.b[j] = a + (first + j) * vector_stride;
            operands.c[j] = sums + j * max_width<T>;
        }
        const auto bytes = static_cast<std::uintptr_t>(group) * sizeof(T);
        tile::Ahead<1> ahead{address(a + (first + group) * vector_stride), bytes};
        for (Index begin = 0; begin < rank; begin += max_width<T>) {
            operands.a = panel + begin;
            operands.width = std::min<Index>(max_width<T>, rank - begin);
            tile::multiply_any<false>(operands, group, ahead);
            ahead = {address(a), 0};
            for (int j = 0; j < group; ++j) {
                double* to = target + (first + j) * rank + begin;
                for (Index i = 0; i < operands.width; ++i) {
                    to[i] += static_cast<double>(operands.c[j][i]);
                }
            }
        }
    }
}

// sums[r * sums_stride + c] += the products of `columns` columns of a row-major matrix with column
// r of the panel; `columns` is a multiple of half<T>.
template <typename T>
void add_by_vectors(const T* a, Index columns, Index row_stride, Index depth, const T* panel,
                    Index panel_stride, Index rank, double* sums, Index sums_stride) {
    T tile_sums[max_broadcasts * max_width<T>];
    tile::Operands<T> operands;
    operands.depth = depth;
    operands.a_stride = row_stride;
    operands.b_stride = panel_stride;
    const auto stride_bytes = static_cast<std::uintptr_t>(row_stride) * sizeof(T);
    for (Index first = 0; first < columns; first += max_width<T>) {
        operands.a = a + first;
        operands.width = std::min<Index>(max_width<T>, columns - first);
        tile::Ahead<4> ahead{address(operands.a + operands.width), stride_bytes};
        for (Index r = 0; r < rank; r += max_broadcasts) {
            const auto group = static_cast<int>(std::min<Index>(max_broadcasts, rank - r));
            for (int j = 0; j < group; ++j) {
                operands.b[j] = panel + r + j;
                operands.c[j] = tile_sums + j * max_width<T>;
            }
            tile::multiply_any<false>(operands, group, ahead);
            ahead = {address(operands.a), 0};
            for (int j = 0; j < group; ++j) {
                double* to = sums + (r + j) * sums_stride + first;
                for (Index i = 0; i < operands.width; ++i) {
                    to[i] += static_cast<double>(operands.c[j][i]);
                }
            }
        }
    }
}

// Runs `task(chunk, piece, partial sums, scratch)` for all tasks of a cut and adds the partial sums
// of the chunks up, in their order. `task` adds to its rows of results x rank sums.
template <typename Scratch, typename Task>
void run_tasks(const char* name, const Cut& cut, Index rank, Target target, double* out,
               const Task& task) {
    const Index size = cut.results * rank;
    if (target == Target::set) {
        std::fill_n(out, size, 0.0);
    }
    std::vector<double> partial(static_cast<std::size_t>(cut.chunks > 1 ? cut.chunks * size : 0));
    const Index workers = std::clamp<Index>(cut.tasks(), 1, Host().concurrency());
    Kokkos::parallel_for(name, Kokkos::RangePolicy<Host>(0, workers), [&](Index worker) {
        Scratch scratch(rank, cut.piece_size);
        const Index end = cut.tasks() * (worker + 1) / workers;
        for (Index index = cut.tasks() * worker / workers; index < end; ++index) {
            const Index chunk = index / cut.pieces;
            task(chunk, index % cut.pieces, cut.chunks > 1 ? partial.data() + chunk * size : out,
                 scratch);
        }
    });
    Host().fence(name);
    for (Index chunk = 0; cut.chunks > 1 && chunk < cut.chunks; ++chunk) {
        for (Index i = 0; i < size; ++i) {
            out[i] += partial[static_cast<std::size_t>(chunk * size + i)];
        }
    }
}

template <typename T>
struct RowScratch {
    RowScratch(Index rank, Index /*piece*/)
        : shape(rank), panel(static_cast<std::size_t>(shape.rows * shape.stride)) {}
    PanelShape<T> shape;
    std::vector<T> panel;
};

template <typename T>
struct ColumnScratch : RowScratch<T> {
    ColumnScratch(Index rank, Index piece)
        : RowScratch<T>(rank, piece), sums(static_cast<std::size_t>(rank * piece)) {}
    std::vector<double> sums;  // rank x piece
};

}  // namespace

template <typename T>
void row_products(const T* a, Index rows, Index columns, const KhatriRao& k, double* out,
                  Target target) {
    TESSERA_ASSERT(k.rows() == columns, "row_products: the factors do not fit the columns");
    const Index rank = k.rank();
    const Cut cut(columns, rows, rank);
    run_tasks<RowScratch<T>>(
        "tessera::khatri_rao_rows", cut, rank, target, out,
        [&](Index chunk, Index piece, double* sums, RowScratch<T>& scratch) {
            const Index first = piece * cut.piece_size;
            const Index count = std::min(cut.piece_size, rows - first);
            const Index end = cut.chunk_begin(chunk + 1);
            for (Index l = cut.chunk_begin(chunk); l < end; l += scratch.shape.rows) {
                const Index depth = std::min(scratch.shape.rows, end - l);
                k.panel(l, l + depth, scratch.shape.stride, scratch.panel.data());
                add_by_factors(a + first * columns + l, count, columns, Index{1}, depth,
                               scratch.panel.data(), scratch.shape.stride, rank,
                               sums + first * rank);
            }
        });
}

template <typename T>
void column_products(const T* a, Index rows, Index columns, const KhatriRao& k, double* out,
                     Target target) {
    TESSERA_ASSERT(k.rows() == rows, "column_products: the factors do not fit the rows");
    const Index rank = k.rank();
    const Cut cut(rows, columns, rank);
    run_tasks<ColumnScratch<T>>(
        "tessera::khatri_rao_columns", cut, rank, target, out,
        [&](Index chunk, Index piece, double* sums, ColumnScratch<T>& scratch) {
            const Index first = piece * cut.piece_size;
            const Index count = std::min(cut.piece_size, columns - first);
            const Index whole = count / half<T> * half<T>;
            std::fill(scratch.sums.begin(), scratch.sums.end(), 0.0);
            const Index end = cut.chunk_begin(chunk + 1);
            for (Index l = cut.chunk_begin(chunk); l < end; l += scratch.shape.rows) {
                const Index depth = std::min(scratch.shape.rows, end - l);
                k.panel(l, l + depth, scratch.shape.stride, scratch.panel.data());
                const T* block = a + l * columns + first;
                add_by_vectors(block, whole, columns, depth, scratch.panel.data(),
                               scratch.shape.stride, rank, scratch.sums.data(), cut.piece_size);
                // Full vectors would read past the end of the last row.
                add_by_factors(block + whole, count - whole, Index{1}, columns, depth,
                               scratch.panel.data(), scratch.shape.stride, rank,
                               sums + (first + whole) * rank);
            }
            for (Index c = 0; c < whole; ++c) {
                for (Index r = 0; r < rank; ++r) {
                    sums[(first + c) * rank + r] +=
                        scratch.sums[static_cast<std::size_t>(r * cut.piece_size + c)];
                }
            }
        });
}

#define TESSERA_INSTANTIATE(T)                                                                \
    template void row_products<T>(const T*, Index, Index, const KhatriRao&, double*, Target); \
    template void column_products<T>(const T*, Index, Index, const KhatriRao&, double*, Target);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
