#include <Kokkos_Core.hpp>
#include <algorithm>
#include <vector>

#include "slab_panel.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/slab_kernels.hpp"
#include "vector_tile.hpp"

namespace tessera {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
using tile::max_broadcasts;
using tile::max_width;

// Columns in units of a cache line, so that all tiles are whole.
constexpr Index column_unit = 8;
static_assert(column_unit % max_broadcasts == 0 && column_unit % tile::half<double> == 0);

// A panel of rows in cache as row-major float64 padded with zero columns, and the sums over panels:
// sums[j * padded + i] for i >= j is entry (i, j) of the Gram matrix.
struct Worker {
    HostView<double> packed;
    HostView<double> sums;
};

void add_panel(const double* packed, Index stride, Index rows, Index padded, double* sums) {
    tile::Operands<double> operands;
    operands.depth = rows;
    operands.a_stride = stride;
    operands.b_stride = stride;
    for (Index i = 0; i < padded; i += max_width<double>) {
        operands.a = packed + i;
        operands.width = std::min<Index>(max_width<double>, padded - i);
        for (Index j = 0; j < i + operands.width; j += max_broadcasts) {
            for (int q = 0; q < max_broadcasts; ++q) {
                operands.b[q] = packed + j + q;
                operands.c[q] = sums + (j + q) * padded + i;
            }
            tile::multiply_any<true>(operands, max_broadcasts, tile::Ahead<0>{});
        }
    }
}

template <typename T>
Matrix gram_by_tiles(SlabMatrix<const T> a) {
    constexpr Index panel_bytes = Index{256} * 1024;
    const Index padded = (a.columns + column_unit - 1) / column_unit * column_unit;
    // Rows a multiple of 512 bytes apart would compete for the same few lines of the cache.
    const Index stride = padded % 64 == 0 ? padded + column_unit : padded;
    const Index row_bytes = stride * static_cast<Index>(sizeof(double));
    const PanelCut cut(a, std::clamp<Index>(panel_bytes / row_bytes, 64, 1024));
    const Index workers = std::clamp<Index>(cut.count(), 1, Host().concurrency());
    std::vector<Worker> all(static_cast<std::size_t>(workers));
    for (Worker& worker : all) {
        worker.packed =
            HostView<double>("Gram panel", static_cast<std::size_t>(cut.max_rows() * stride));
        worker.sums = HostView<double>("Gram sums", static_cast<std::size_t>(padded * padded));
    }
    Kokkos::parallel_for("tessera::gram", Kokkos::RangePolicy<Host>(0, workers), [&](Index own) {
        const Worker& worker = all[static_cast<std::size_t>(own)];
        const Index end = cut.count() * (own + 1) / workers;
        for (Index index = cut.count() * own / workers; index < end; ++index) {
            const Panel<const T> panel = cut.panel(a, index);
            gather(panel, a.columns, worker.packed.data(), stride, 1);
            add_panel(worker.packed.data(), stride, panel.rows(), padded, worker.sums.data());
        }
    });
    Host().fence("tessera::gram");
    Matrix result(a.columns, a.columns);
    for (const Worker& worker : all) {
        for (Index j = 0; j < a.columns; ++j) {
            for (Index i = j; i < a.columns; ++i) {
                result(i, j) += worker.sums(j * padded + i);
            }
        }
    }
    return result;
}

// For many columns the sums no longer stay in cache, and one copy per thread would be too much.
template <typename T>
Matrix gram_by_blas(SlabMatrix<const T> a) {
    const PanelCut cut(a, 1024);
    Matrix result(a.columns, a.columns);
    HostView<double> packed("Gram panel", static_cast<std::size_t>(cut.max_rows() * a.columns));
    for (Index index = 0; index < cut.count(); ++index) {
        const Panel<const T> panel = cut.panel(a, index);
        gather(panel, a.columns, packed.data(), a.columns, 1);
        blas::syrk(blas::Triangle::lower, blas::Transpose::no, a.columns, panel.rows(), 1.0,
                   packed.data(), a.columns, 1.0, result.data(), a.columns);
    }
    return result;
}

}  // namespace

template <typename T>
Matrix gram(SlabMatrix<const T> a) {
    Matrix result = a.columns <= tile::max_square ? gram_by_tiles(a) : gram_by_blas(a);
    for (Index j = 0; j < a.columns; ++j) {
        for (Index i = j + 1; i < a.columns; ++i) {
            result(j, i) = result(i, j);
        }
    }
    return result;
}

template Matrix gram<float>(SlabMatrix<const float>);
template Matrix gram<double>(SlabMatrix<const double>);

}  // namespace tessera
