#include "tessera/tensor/fused_contraction.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/base/extents.hpp"
#include "tessera/linalg/blas.hpp"
#include "tessera/linalg/panel_products.hpp"
#include "tile_loss.hpp"

namespace tessera {
namespace {

using blas::gemm;
using blas::Transpose;

/// Most rows of a tile from the shorter side (inner) and from the longer one (outer), and its
/// entries: 512 KiB of float32. Derivatives of so many outer rows are added up in T.
constexpr Index most_inner_rows = 512;
constexpr Index most_outer_rows = 1024;
constexpr Index tile_entries = Index{1} << 17;
/// Rows of a product of factors that are formed together for the model.
constexpr Index model_rows = 64;

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

struct TileSizes {
    Index outer;
    Index inner;
};

TileSizes tile_sizes(Index rows, Index columns) {
    const Index inner = std::clamp<Index>(std::min(rows, columns), 1, most_inner_rows);
    const Index outer = std::min(most_outer_rows, tile_entries / inner / model_rows * model_rows);
    return {std::clamp<Index>(std::max(rows, columns), 1, outer), inner};
}

/// Calls work(part, range) for the parts of 0..count-1 that the threads take, none of them shorter
/// than `grain` unless it is the only one.
template <typename Work>
void over_threads(const char* name, Index count, Index grain, const Work& work) {
    using Host = Kokkos::DefaultHostExecutionSpace;
    const Index parts = std::clamp<Index>(count / grain, 1, Host().concurrency());
    if (parts == 1) {
        work(Index{0}, Range{0, count});
        return;
    }
    Kokkos::parallel_for(name, Kokkos::RangePolicy<Host, Kokkos::IndexType<Index>>(0, parts),
                         [&](Index part) { work(part, block_range(count, parts, part)); });
    Host().fence(name);
}

/// to (columns x rows) = the transpose of from (rows x columns).
template <typename T>
void transpose(const T* from, Index rows, Index columns, T* to) {
    constexpr Index block = 16;
    over_threads("tessera::transpose_tile", rows, block, [&](Index, Range range) {
        for (Index first = range.begin; first < range.end; first += block) {
            const Index last = std::min(range.end, first + block);
            for (Index column = 0; column < columns; ++column) {
                for (Index row = first; row < last; ++row) {
                    to[column * rows + row] = from[row * columns + column];
                }
            }
        }
    });
}

}  // namespace

/// A tile of the unfolding: rows of the longer side (outer) and of the shorter one (inner).
template <typename T>
struct FusedContraction<T>::Tile {
    Range outer;
    Range inner;
    const T* outer_rows = nullptr;  ///< null: products of factors, formed where they are needed
    const T* inner_rows = nullptr;
    bool new_inner = false;  ///< the inner rows are not those of the tile before
};

/// What `run` needs beside the rows.
template <typename T>
struct FusedContraction<T>::Workspace {
    std::vector<T> model;             ///< outer x inner
    std::vector<T> turned;            ///< the same as the block has it, where its rows are inside
    std::vector<T> inner_across;      ///< packed: width x inner
    std::vector<T> inner_along;       ///< packed: inner x width
    std::vector<std::vector<T>> own;  ///< of each thread
    std::vector<T> scratch;
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
        left_.add_gradient({begin, end}, {0, left_.width()}, gradient);
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
    left_.add_gradient({begin, end}, {0, inner}, sums.data());
}

template <typename T>
template <typename Visit>
void FusedContraction<T>::for_each_tile(bool form_products, const Visit& visit) const {
    const TileSizes size = tile_sizes(left_.rows(), right_.rows());
    std::vector<T> left_scratch;
    std::vector<T> left_product;
    std::vector<T> right_scratch;
    const auto rows_of = [&](bool left, Range range) {
        return left ? left_panel(range.begin, range.end, left_scratch, left_product)
                    : right_.panel(range.begin, range.end, right_scratch);
    };
    const Index outer_end = std::max(left_.rows(), right_.rows());
    const Index inner_end = std::min(left_.rows(), right_.rows());
    const bool formed = form_products || !outer_by_strips();
    Tile tile;
    for (Index outer = 0; outer < outer_end && inner_end > 0; outer += size.outer) {
        tile.outer = {outer, std::min(outer + size.outer, outer_end)};
        tile.outer_rows = formed ? rows_of(left_outside(), tile.outer) : nullptr;
        for (Index inner = 0; inner < inner_end; inner += size.inner) {
            // Rows that are all of their side stay as they are.
            tile.new_inner = outer == 0 || inner_end > size.inner;
            if (tile.new_inner) {
                tile.inner = {inner, std::min(inner + size.inner, inner_end)};
                tile.inner_rows = rows_of(!left_outside(), tile.inner);
            }
            visit(tile);
        }
    }
}

template <typename T>
void FusedContraction<T>::form_model(const Tile& tile, Workspace& work) const {
    const Index inner = tile.inner.size();
    const Index outer = tile.outer.size();
    const Index wide = width();
    if (tile.new_inner) {
        work.inner_across.resize(static_cast<std::size_t>(panels::packed_size<T>(wide, inner)));
        work.inner_along.resize(static_cast<std::size_t>(panels::packed_size<T>(inner, wide)));
        panels::pack(true, wide, inner, tile.inner_rows, wide, work.inner_across.data());
        panels::pack(false, inner, wide, tile.inner_rows, wide, work.inner_along.data());
    }
    work.model.resize(static_cast<std::size_t>(outer * inner));
    constexpr Index grain = 16;
    over_threads("tessera::tile_model", outer, grain, [&](Index part, Range all) {
        std::vector<T>& own = work.own[static_cast<std::size_t>(part)];
        for (Index begin = all.begin; begin < all.end; begin += model_rows) {
            const Range rows{begin, std::min(all.end, begin + model_rows)};
            const T* factor = tile.outer_rows + begin * wide;
            if (tile.outer_rows == nullptr) {
                own.resize(static_cast<std::size_t>(model_rows * wide));
                outer_side().fill({tile.outer.begin + rows.begin, tile.outer.begin + rows.end},
                                  {0, wide}, own.data(), wide);
                factor = own.data();
            }
            panels::multiply<T>(rows.size(), inner, wide, {factor, wide}, work.inner_across.data(),
                                {work.model.data() + begin * inner, inner});
        }
    });
}

template <typename T>
FitSums FusedContraction<T>::derive(const Tile& tile, const FitData<T>& data, const EntryLoss& loss,
                                    const OutlierTerm<T>& outliers, Workspace& work) const {
    const Index outer = tile.outer.size();
    const Index inner = tile.inner.size();
    const Index stride = right_.rows();
    if (left_outside()) {
        return detail::derive_tile<T>(
            {outer, inner, stride, tile.outer.begin * stride + tile.inner.begin, work.model.data()},
            data, loss, outliers);
    }
    work.turned.resize(work.model.size());
    transpose(work.model.data(), outer, inner, work.turned.data());
    const FitSums sums = detail::derive_tile<T>(
        {inner, outer, stride, tile.inner.begin * stride + tile.outer.begin, work.turned.data()},
        data, loss, outliers);
    transpose(work.turned.data(), inner, outer, work.model.data());
    return sums;
}

// Columns are taken in strips: their sums are in cache when they go on to the factors, which is
// where a product of factors is formed once more.
template <typename T>
Index FusedContraction<T>::strip_width() const {
    const bool apart =
        left_.columns_are_apart() && right_.columns_are_apart() && core_.rows == nullptr;
    return apart ? std::min(width(), 2 * panels::width<T>()) : width();
}

template <typename T>
void FusedContraction<T>::add_gradients(const Tile& tile, Workspace& work) const {
    const Index strip = strip_width();
    const Index strips = (width() + strip - 1) / strip;
    if (strips == 1) {
        add_strip(tile, {0, width()}, work, work.own.front(), true);
        return;
    }
    over_threads("tessera::tile_gradients", strips, 1, [&](Index part, Range range) {
        for (Index each = range.begin; each < range.end; ++each) {
            add_strip(tile, {each * strip, std::min(width(), (each + 1) * strip)}, work,
                      work.own[static_cast<std::size_t>(part)], false);
        }
    });
}

template <typename T>
void FusedContraction<T>::add_strip(const Tile& tile, Range columns, Workspace& work,
                                    std::vector<T>& own, bool with_threads) const {
    const Index outer = tile.outer.size();
    const Index inner = tile.inner.size();
    const Index count = columns.size();
    const Index wide = width();
    own.resize(static_cast<std::size_t>((outer + inner) * count));
    T* const of_inner = own.data() + outer * count;
    const auto share = [&](Index rows, const auto& run) {
        constexpr Index grain = 32;
        with_threads ? over_threads("tessera::tile_gradients", rows, grain,
                                    [&](Index, Range part) { run(part); })
                     : run(Range{0, rows});
    };
    if (learns(left_outside())) {
        share(outer, [&](Range rows) {
            panels::multiply<T>(rows.size(), count, inner,
                                {work.model.data() + rows.begin * inner, inner},
                                work.inner_along.data() + columns.begin * inner,
                                {own.data() + rows.begin * count, count});
        });
        add_side(left_outside(), tile.outer, columns, own.data(), work.scratch);
    }
    if (!learns(!left_outside())) {
        return;
    }
    panels::Rows<const T> rows{tile.outer_rows + columns.begin, wide};
    if (count < wide) {  // together, because each row begins on a page of its own
        outer_side().fill(tile.outer, columns, own.data(), count);
        rows = {own.data(), count};
    }
    std::fill_n(of_inner, inner * count, T{0});
    share(inner, [&](Range part) {
        panels::add_transposed<T>(part.size(), count, outer,
                                  {work.model.data() + part.begin, inner}, rows,
                                  {of_inner + part.begin * count, count});
    });
    add_side(!left_outside(), tile.inner, columns, of_inner, work.scratch);
}

template <typename T>
void FusedContraction<T>::add_side(bool left, Range rows, Range columns, const T* gradient,
                                   std::vector<T>& scratch) const {
    if (left && core_.rows != nullptr) {
        add_left_gradient(rows.begin, rows.end, gradient, scratch);
    } else {
        (left ? left_ : right_).add_gradient(rows, columns, gradient);
    }
}

template <typename T>
FitSums FusedContraction<T>::run(const FitData<T>& data, const EntryLoss& loss,
                                 const OutlierTerm<T>& outliers) const {
    Workspace work;
    work.own.resize(static_cast<std::size_t>(Kokkos::DefaultHostExecutionSpace().concurrency()));
    FitSums sums;
    for_each_tile(false, [&](const Tile& tile) {
        form_model(tile, work);
        const FitSums own = derive(tile, data, loss, outliers, work);
        sums.training += own.training;
        sums.validation += own.validation;
        if (learns(true) || learns(false)) {
            add_gradients(tile, work);
        }
    });
    return sums;
}

template <typename T>
void FusedContraction<T>::reconstruct(T* out) const {
    for_each_tile(true, [&](const Tile& tile) {
        const bool left = left_outside();
        const Range rows = left ? tile.outer : tile.inner;
        const Range columns = left ? tile.inner : tile.outer;
        gemm<T>(Transpose::yes, Transpose::no, columns.size(), rows.size(), width(), T{1},
                left ? tile.inner_rows : tile.outer_rows, width(),
                left ? tile.outer_rows : tile.inner_rows, width(), T{0},
                out + rows.begin * right_.rows() + columns.begin, right_.rows());
    });
}

template <typename T>
double FusedContraction<T>::scratch_bytes(Index rows, Index columns, Index width) {
    const TileSizes size = tile_sizes(rows, columns);
    // The tile as it is and turned; outer rows, once more with a core between them, and sums; inner
    // rows, the same with a core, packed in two ways, and sums.
    return static_cast<double>(sizeof(T)) * (2.0 * static_cast<double>(size.outer * size.inner) +
                                             3.0 * static_cast<double>(size.outer * width) +
                                             5.0 * static_cast<double>(size.inner * width));
}

template class FusedContraction<float>;
template class FusedContraction<double>;

}  // namespace tessera
