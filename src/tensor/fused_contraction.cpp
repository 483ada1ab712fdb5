#include "tessera/tensor/fused_contraction.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/base/extents.hpp"
#include "tessera/linalg/blas.hpp"
#include "tile_loss.hpp"

namespace tessera {
namespace {

using blas::gemm;
using blas::Transpose;

/// Most columns of a tile, its entries, and those of a panel of a row product where the tile is
/// high enough all the same: 1 MiB and 4 MiB of float32.
constexpr Index tile_columns = 512;
constexpr Index tile_entries = Index{1} << 18;
constexpr Index panel_entries = Index{1} << 20;

/// How many factors go to the left: the two sides have as few rows together as can be, so that
/// panels of row products cost least.
template <typename T>
std::size_t middle_of(const std::vector<FactorPart<T>>& factors) {
    TESSERA_ASSERT(factors.size() >= 2, "a contraction needs two factors");
    std::size_t best = 0;
    double fewest = 0.0;
    for (std::size_t middle = 1; middle < factors.size(); ++middle) {
        double left = 1.0;
        double right = 1.0;
        for (std::size_t f = 0; f < factors.size(); ++f) {
            (f < middle ? left : right) *= static_cast<double>(factors[f].count);
        }
        if (best == 0 || left + right < fewest) {
            best = middle;
            fewest = left + right;
        }
    }
    return best;
}

struct PanelSizes {
    Index rows;
    Index columns;
};

/// The shorter side of the tile from the shorter side of the unfolding.
PanelSizes panel_sizes(Index rows, Index columns, Index width) {
    const Index shorter = std::clamp<Index>(std::min(rows, columns), 1, tile_columns);
    const Index most = std::max(tile_columns, panel_entries / std::max<Index>(1, width));
    const Index longer =
        std::clamp<Index>(std::max(rows, columns), 1, std::min(most, tile_entries / shorter));
    return rows < columns ? PanelSizes{shorter, longer} : PanelSizes{longer, shorter};
}

}  // namespace

/// A tile of the unfolding: rows of A, rows of B, and where they come from.
template <typename T>
struct FusedContraction<T>::Tile {
    Range rows;
    Range columns;
    const T* a = nullptr;
    const T* b = nullptr;
    bool first = false;  ///< in the panel of the outer loop
    bool last = false;
    bool rows_outside = false;  ///< whether that panel is one of rows
};

template <typename T>
FusedContraction<T> FusedContraction<T>::components(std::vector<FactorPart<T>> factors) {
    const auto middle = factors.begin() + static_cast<std::ptrdiff_t>(middle_of(factors));
    constexpr auto kind = RowProduct<T>::Kind::components;
    return {RowProduct<T>(kind, {factors.begin(), middle}),
            RowProduct<T>(kind, {middle, factors.end()}), FactorPart<T>{}};
}

template <typename T>
FusedContraction<T> FusedContraction<T>::tucker(std::vector<FactorPart<T>> factors,
                                                FactorPart<T> core) {
    const auto middle = factors.begin() + static_cast<std::ptrdiff_t>(middle_of(factors));
    constexpr auto kind = RowProduct<T>::Kind::all_pairs;
    FusedContraction result(RowProduct<T>(kind, {factors.begin(), middle}),
                            RowProduct<T>(kind, {middle, factors.end()}), core);
    TESSERA_ASSERT(
        core.rows != nullptr && core.width == result.left_.width() * result.right_.width(),
        "the core has an entry for each combination of columns");
    return result;
}

template <typename T>
const T* FusedContraction<T>::left_panel(Index begin, Index end, std::vector<T>& scratch,
                                         std::vector<T>& product) const {
    const T* rows = left_.panel(begin, end, scratch);
    if (core_.rows == nullptr) {
        return rows;
    }
    const Index count = end - begin;
    product.resize(static_cast<std::size_t>(count * width()));
    gemm<T>(Transpose::no, Transpose::no, width(), count, left_.width(), T{1}, core_.rows, width(),
            rows, left_.width(), T{0}, product.data(), width());
    return product.data();
}

template <typename T>
void FusedContraction<T>::add_left_gradient(Index begin, Index end, const T* gradient,
                                            std::vector<T>& scratch) const {
    if (core_.rows == nullptr) {
        left_.add_gradient(begin, end, gradient);
        return;
    }
    const Index count = end - begin;
    const Index inner = left_.width();
    const T* rows = left_.panel(begin, end, scratch);
    std::vector<T> sums(static_cast<std::size_t>(std::max(inner * width(), count * inner)));
    if (core_.gradient != nullptr) {
        gemm<T>(Transpose::no, Transpose::yes, width(), inner, count, T{1}, gradient, width(), rows,
                inner, T{0}, sums.data(), width());
        for (Index i = 0; i < inner * width(); ++i) {
            core_.gradient[i] += static_cast<double>(sums[static_cast<std::size_t>(i)]);
        }
    }
    gemm<T>(Transpose::yes, Transpose::no, inner, count, width(), T{1}, core_.rows, width(),
            gradient, width(), T{0}, sums.data(), inner);
    left_.add_gradient(begin, end, sums.data());
}

template <typename T>
template <typename Visit>
void FusedContraction<T>::for_each_tile(const Visit& visit) const {
    const Index rows = left_.rows();
    const Index columns = right_.rows();
    const PanelSizes panel = panel_sizes(rows, columns, width());
    std::vector<T> left_scratch;
    std::vector<T> left_product;
    std::vector<T> right_scratch;
    Tile tile;
    tile.rows_outside = rows >= columns;
    const auto cut_rows = [&](Index begin) {
        tile.rows = {begin, std::min(begin + panel.rows, rows)};
        tile.a = left_panel(tile.rows.begin, tile.rows.end, left_scratch, left_product);
    };
    const auto cut_columns = [&](Index begin) {
        tile.columns = {begin, std::min(begin + panel.columns, columns)};
        tile.b = right_.panel(tile.columns.begin, tile.columns.end, right_scratch);
    };
    const Index outer_end = tile.rows_outside ? rows : columns;
    const Index outer_step = tile.rows_outside ? panel.rows : panel.columns;
    const Index inner_end = tile.rows_outside ? columns : rows;
    const Index inner_step = tile.rows_outside ? panel.columns : panel.rows;
    for (Index outer = 0; outer < outer_end && inner_end > 0; outer += outer_step) {
        tile.rows_outside ? cut_rows(outer) : cut_columns(outer);
        for (Index inner = 0; inner < inner_end; inner += inner_step) {
            // A panel that is all of its side stays as it is.
            if (outer == 0 || inner_end > inner_step) {
                tile.rows_outside ? cut_columns(inner) : cut_rows(inner);
            }
            tile.first = inner == 0;
            tile.last = inner + inner_step >= inner_end;
            visit(tile);
        }
    }
}

template <typename T>
FitSums FusedContraction<T>::run(const FitData<T>& data, const EntryLoss& loss,
                                 const OutlierTerm<T>& outliers) const {
    const Index stride = right_.rows();
    const Index wide = width();
    std::vector<T> model;
    std::vector<T> outer_gradient;
    std::vector<T> inner_gradient;
    std::vector<T> scratch;
    FitSums sums;
    for_each_tile([&](const Tile& tile) {
        const Index rows = tile.rows.size();
        const Index columns = tile.columns.size();
        model.resize(static_cast<std::size_t>(rows * columns));
        gemm<T>(Transpose::yes, Transpose::no, columns, rows, wide, T{1}, tile.b, wide, tile.a,
                wide, T{0}, model.data(), columns);
        const Index offset = tile.rows.begin * stride + tile.columns.begin;
        const detail::TileEntries<T> entries{rows, columns, stride, offset, model.data()};
        const FitSums own = detail::derive_tile(entries, data, loss, outliers);
        sums.training += own.training;
        sums.validation += own.validation;

        std::vector<T>& of_rows = tile.rows_outside ? outer_gradient : inner_gradient;
        std::vector<T>& of_columns = tile.rows_outside ? inner_gradient : outer_gradient;
        of_rows.resize(static_cast<std::size_t>(rows * wide));
        of_columns.resize(static_cast<std::size_t>(columns * wide));
        const auto beta = [&](bool outside) { return outside && !tile.first ? T{1} : T{0}; };
        gemm<T>(Transpose::no, Transpose::no, wide, rows, columns, T{1}, tile.b, wide, model.data(),
                columns, beta(tile.rows_outside), of_rows.data(), wide);
        gemm<T>(Transpose::no, Transpose::yes, wide, columns, rows, T{1}, tile.a, wide,
                model.data(), columns, beta(!tile.rows_outside), of_columns.data(), wide);
        if (!tile.rows_outside || tile.last) {
            add_left_gradient(tile.rows.begin, tile.rows.end, of_rows.data(), scratch);
        }
        if (tile.rows_outside || tile.last) {
            right_.add_gradient(tile.columns.begin, tile.columns.end, of_columns.data());
        }
    });
    return sums;
}

template <typename T>
void FusedContraction<T>::reconstruct(T* out) const {
    for_each_tile([&](const Tile& tile) {
        gemm<T>(Transpose::yes, Transpose::no, tile.columns.size(), tile.rows.size(), width(), T{1},
                tile.b, width(), tile.a, width(), T{0},
                out + tile.rows.begin * right_.rows() + tile.columns.begin, right_.rows());
    });
}

template <typename T>
double FusedContraction<T>::scratch_bytes(Index rows, Index columns, Index width) {
    const PanelSizes panel = panel_sizes(rows, columns, width);
    // The tile; of each side a panel and its gradient, once more with a core between them.
    return static_cast<double>(sizeof(T)) *
           (static_cast<double>(panel.rows * panel.columns) +
            3.0 * static_cast<double>((panel.rows + panel.columns) * width));
}

template class FusedContraction<float>;
template class FusedContraction<double>;

}  // namespace tessera
