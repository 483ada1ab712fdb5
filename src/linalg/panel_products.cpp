#include "tessera/linalg/panel_products.hpp"

#include <algorithm>
#include <vector>

#include "vector_tile.hpp"

namespace tessera::panels {
namespace {

using tile::Operands;

// In half vectors: two vectors times as many rows as can be keep the products busy, and a panel of
// 128 rows leaves room in the first-level cache.
constexpr Index panel_halves = 4;

template <typename T>
constexpr Index panel_width = panel_halves* tile::half<T>;

template <typename T>
constexpr Index halves_of(Index columns) {
    return (columns + tile::half<T> - 1) / tile::half<T>;
}

// All rows of A against one panel; the factor of row r and depth l is at r * row_stride +
// l * depth_stride.
template <typename T>
struct PanelOperands {
    Index rows;
    Index depth;
    const T* a;
    Index row_stride;
    Index depth_stride;
    const T* panel;
    Index panel_stride;
    Index width;
    Rows<T> c;
};

template <int halves, bool accumulate, typename T>
void multiply_panel(const PanelOperands<T>& all) {
    Operands<T> tile;
    tile.depth = all.depth;
    tile.a = all.panel;
    tile.a_stride = all.panel_stride;
    tile.width = all.width;
    tile.b_stride = all.depth_stride;
    for (Index row = 0; row < all.rows; row += tile::max_broadcasts) {
        const int count = static_cast<int>(std::min<Index>(tile::max_broadcasts, all.rows - row));
        for (int j = 0; j < count; ++j) {
            tile.b[j] = all.a + (row + j) * all.row_stride;
            tile.c[j] = all.c.data + (row + j) * all.c.stride;
        }
        tile::multiply_any_broadcasts<halves, accumulate>(tile, count, tile::Ahead<0>{});
    }
}

template <bool accumulate, typename T>
void multiply_any_panel(const PanelOperands<T>& all) {
    switch (halves_of<T>(all.width)) {
        case 1:
            return multiply_panel<1, accumulate>(all);
        case 2:
            return multiply_panel<2, accumulate>(all);
        case 3:
            return multiply_panel<3, accumulate>(all);
        default:
            return multiply_panel<4, accumulate>(all);
    }
}

// A tile reads whole vectors of what it adds to: where the panel ends within one, the sums are
// formed elsewhere.
template <typename T>
void add_narrow_panel(PanelOperands<T> all) {
    T sums[tile::max_broadcasts * panel_width<T>];
    const Rows<T> c = all.c;
    const Index rows = all.rows;
    const T* const a = all.a;
    all.c = {sums, panel_width<T>};
    for (Index row = 0; row < rows; row += tile::max_broadcasts) {
        all.rows = std::min<Index>(tile::max_broadcasts, rows - row);
        all.a = a + row * all.row_stride;
        multiply_any_panel<false>(all);
        for (Index j = 0; j < all.rows; ++j) {
            for (Index i = 0; i < all.width; ++i) {
                c.data[(row + j) * c.stride + i] += sums[j * panel_width<T> + i];
            }
        }
    }
}

// The panel can be read up to the next half vector.
template <typename T>
void multiply_or_add(const PanelOperands<T>& all, bool add) {
    if (!add) {
        multiply_any_panel<false>(all);
    } else if (all.width % tile::half<T> == 0) {
        multiply_any_panel<true>(all);
    } else {
        add_narrow_panel(all);
    }
}

}  // namespace

template <typename T>
Index width() {
    return panel_width<T>;
}

template <typename T>
Index packed_size(Index depth, Index columns) {
    return depth * halves_of<T>(columns) * tile::half<T>;
}

template <typename T>
void pack(bool transposed, Index depth, Index columns, const T* b, Index stride, T* packed) {
    for (Index begin = 0; begin < columns; begin += panel_width<T>) {
        const Index count = std::min(panel_width<T>, columns - begin);
        const Index wide = halves_of<T>(count) * tile::half<T>;
        for (Index row = 0; row < depth; ++row, packed += wide) {
            if (transposed) {
                for (Index i = 0; i < count; ++i) {
                    packed[i] = b[(begin + i) * stride + row];
                }
            } else {
                std::copy_n(b + row * stride + begin, count, packed);
            }
            std::fill(packed + count, packed + wide, T{0});
        }
    }
}

template <typename T>
void multiply(Index rows, Index columns, Index depth, Rows<const T> a, const T* packed, Rows<T> c,
              bool add) {
    for (Index begin = 0; begin < columns; begin += panel_width<T>) {
        const Index count = std::min(panel_width<T>, columns - begin);
        const PanelOperands<T> panel{rows,
                                     depth,
                                     a.data,
                                     a.stride,
                                     1,
                                     packed + begin * depth,
                                     halves_of<T>(count) * tile::half<T>,
                                     count,
                                     {c.data + begin, c.stride}};
        multiply_or_add(panel, add);
    }
}

template <typename T>
void add_transposed(Index rows, Index columns, Index depth, Rows<const T> a, Rows<const T> b,
                    Rows<T> c) {
    std::vector<T> last;
    for (Index begin = 0; begin < columns; begin += panel_width<T>) {
        const Index count = std::min(panel_width<T>, columns - begin);
        PanelOperands<T> panel{rows,     depth,    a.data,
                               1,        a.stride, b.data + begin,
                               b.stride, count,    {c.data + begin, c.stride}};
        if (count % tile::half<T> != 0) {  // it cannot be read up to the next half vector
            last.resize(static_cast<std::size_t>(packed_size<T>(depth, count)));
            pack(false, depth, count, panel.panel, b.stride, last.data());
            panel.panel = last.data();
            panel.panel_stride = halves_of<T>(count) * tile::half<T>;
        }
        multiply_or_add(panel, true);
    }
}

#define TESSERA_INSTANTIATE(T)                                                              \
    template Index width<T>();                                                              \
    template Index packed_size<T>(Index, Index);                                            \
    template void pack<T>(bool, Index, Index, const T*, Index, T*);                         \
    template void multiply<T>(Index, Index, Index, Rows<const T>, const T*, Rows<T>, bool); \
    template void add_transposed<T>(Index, Index, Index, Rows<const T>, Rows<const T>, Rows<T>);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera::panels
