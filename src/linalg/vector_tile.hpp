#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "tessera/base/types.hpp"

/// Register-blocked products for operands in cache. OpenBLAS packs both operands before it
/// multiplies, which costs more than the product itself when one side has only some 20 columns (a
/// third of its speed); these tiles read the operands where they lie.
namespace tessera::tile {

/// The widest vector registers of the instruction set that is compiled for.
#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
inline constexpr int max_broadcasts = 8;  ///< 3 x 8 accumulators of 32 registers
inline constexpr int max_columns = 24;    ///< 1 x 24
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32;
inline constexpr int max_broadcasts = 4;  ///< 3 x 4 accumulators of 16 registers
inline constexpr int max_columns = 12;    ///< 1 x 12
#else
inline constexpr int vector_bytes = 16;
inline constexpr int max_broadcasts = 4;
inline constexpr int max_columns = 12;
#endif

/// Entries of a full and of a half vector; a tile is up to 6 half vectors wide.
template <typename T>
inline constexpr int full = vector_bytes / static_cast<int>(sizeof(T));
template <typename T>
inline constexpr int half = full<T> / 2;
inline constexpr int max_halves = 6;
template <typename T>
inline constexpr int max_width = max_halves* half<T>;

/// Up to this order, square matrices of sums or factors stay in cache, one per thread; larger ones
/// are left to the library.
inline constexpr Index max_square = 512;

template <typename T, int bytes>
struct VectorOf {
    typedef T Type __attribute__((vector_size(bytes)));
    typedef T Unaligned __attribute__((vector_size(bytes), aligned(alignof(T)), may_alias));
    static constexpr int size = bytes / static_cast<int>(sizeof(T));

    static Type load(const T* from) { return *reinterpret_cast<const Unaligned*>(from); }
    /// Writes the first `count` entries.
    static void store(T* to, Type value, Index count) {
        if (count >= size) {
            *reinterpret_cast<Unaligned*>(to) = value;
        } else if (count > 0) {
            for (int i = 0; i < size && i < count; ++i) {
                to[i] = value[i];
            }
        }
    }
    /// Keeps a loaded vector in a register; g++ would load it again for each product, and loads,
    /// not products, would then set the pace.
    static void keep([[maybe_unused]] Type& value) {
#if defined(__x86_64__) && defined(__GNUC__)
        // Half vectors of the plain instruction set are no register operands.
        if constexpr (bytes >= 16) {
            asm("" : "+v"(value));
        }
#endif
    }
};

/// What to fetch into the second-level cache while a tile is multiplied: `lines` cache lines at
/// `next` + l * `stride` bytes for each l. A tile's own loads are spread over many pages, where the
/// processor's prefetchers see no stream. Fetching where nothing is does no harm.
template <int lines>
struct Ahead {
    std::uintptr_t next = 0;
    std::uintptr_t stride = 0;

    void fetch() {
        constexpr std::uintptr_t line_bytes = 64;
#pragma GCC unroll 4
        for (int line = 0; line < lines; ++line) {
            __builtin_prefetch(reinterpret_cast<const void*>(
                                   next + static_cast<std::uintptr_t>(line) * line_bytes),
                               0, 2);
        }
        next += stride;
    }
};

/// Operands of a tile: c[j][i] = sum over l < depth of a[l * a_stride + i] * b[j][l * b_stride],
/// for i < width; added to c where `accumulate`. `a` must be readable up to the next multiple of
/// half<T>. Each sum runs over l upwards, so its bits do not depend on the tile's shape.
template <typename T>
struct Operands {
    Index depth = 0;
    const T* a = nullptr;
    Index a_stride = 0;
    Index width = 0;
    const T* b[max_broadcasts] = {};
    Index b_stride = 0;
    T* c[max_broadcasts] = {};
};

/// The tile of `halves` half vectors times `broadcasts` of the operands' b and c, from `first` on.
template <int halves, int broadcasts, bool accumulate, int lines, typename T>
void multiply(const Operands<T>& operands, int first, Ahead<lines> ahead) {
    constexpr int vectors = halves / 2;
    constexpr bool odd = halves % 2 != 0;
    using Full = VectorOf<T, vector_bytes>;
    using Half = VectorOf<T, vector_bytes / 2>;
    typename Full::Type sum[vectors > 0 ? vectors : 1][broadcasts] = {};
    typename Half::Type odd_sum[broadcasts] = {};
    const T* factor[broadcasts];
    for (int j = 0; j < broadcasts; ++j) {
        factor[j] = operands.b[first + j];
    }
    // The result's lines arrive while the sums are formed.
    if constexpr (!accumulate) {
        for (int j = 0; j < broadcasts; ++j) {
#pragma GCC unroll 4
            for (int v = 0; v < (halves + 1) / 2; ++v) {
                __builtin_prefetch(operands.c[first + j] + v * Full::size, 1);
            }
        }
    }
    const T* a = operands.a;
    const Index depth = operands.depth;
    const Index a_stride = operands.a_stride;
    const Index b_stride = operands.b_stride;
    for (Index l = 0; l < depth; ++l, a += a_stride) {
        ahead.fetch();
        typename Full::Type row[vectors > 0 ? vectors : 1];
        typename Half::Type odd_row = {};
#pragma GCC unroll 3
        for (int v = 0; v < vectors; ++v) {
            row[v] = Full::load(a + v * Full::size);
            Full::keep(row[v]);
        }
        if constexpr (odd) {
            odd_row = Half::load(a + vectors * Full::size);
            Half::keep(odd_row);
        }
#pragma GCC unroll 8
        for (int j = 0; j < broadcasts; ++j) {
            const T value = factor[j][l * b_stride];
#pragma GCC unroll 3
            for (int v = 0; v < vectors; ++v) {
                sum[v][j] += row[v] * value;
            }
            if constexpr (odd) {
                odd_sum[j] += odd_row * value;
            }
        }
    }
    const Index width = operands.width;
#pragma GCC unroll 8
    for (int j = 0; j < broadcasts; ++j) {
        T* c = operands.c[first + j];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; ++v) {
            if constexpr (accumulate) {
                sum[v][j] += Full::load(c + v * Full::size);
            }
            Full::store(c + v * Full::size, sum[v][j], width - v * Full::size);
        }
        if constexpr (odd) {
            if constexpr (accumulate) {
                odd_sum[j] += Half::load(c + vectors * Full::size);
            }
            Half::store(c + vectors * Full::size, odd_sum[j], width - vectors * Full::size);
        }
    }
}

/// All of the first `broadcasts` b and c of the operands, at most max_broadcasts.
template <int halves, bool accumulate, int lines, typename T>
void multiply_any_broadcasts(const Operands<T>& operands, int broadcasts, Ahead<lines> ahead) {
    int done = 0;
    const auto run = [&]<int count>() {
        for (; broadcasts - done >= count; done += count) {
            multiply<halves, count, accumulate>(operands, done, ahead);
        }
    };
    run.template operator()<max_broadcasts>();
    run.template operator()<4>();
    run.template operator()<2>();
    run.template operator()<1>();
}

/// The product of operands of any width up to max_width and any number of broadcasts.
template <bool accumulate, int lines, typename T>
void multiply_any(const Operands<T>& operands, int broadcasts, Ahead<lines> ahead) {
    const auto run = [&]<int halves>() {
        multiply_any_broadcasts<halves, accumulate>(operands, broadcasts, ahead);
    };
    switch ((operands.width + half<T> - 1) / half<T>) {
        case 1:
            return run.template operator()<1>();
        case 2:
            return run.template operator()<2>();
        case 3:
            return run.template operator()<3>();
        case 4:
            return run.template operator()<4>();
        case 5:
            return run.template operator()<5>();
        default:
            return run.template operator()<6>();
    }
}

/// Operands of a tile of one vector of rows and many columns: c[j * c_stride + i] = sum over
/// l < depth of a[l * a_stride + i] * b[l * b_stride + j].
template <typename T>
struct ColumnOperands {
    Index depth = 0;
    const T* a = nullptr;
    Index a_stride = 0;
    const T* b = nullptr;
    Index b_stride = 0;
    T* c = nullptr;
    Index c_stride = 0;
};

/// One vector (`bytes` wide) of rows times `columns` columns. Each line of `a` is read once for all
/// columns, so that what reading costs hides behind `columns` products; sums run over l upwards.
template <int bytes, int columns, int lines, typename T>
void multiply_columns(const ColumnOperands<T>& operands, Ahead<lines> ahead) {
    using Vector = VectorOf<T, bytes>;
    typename Vector::Type sum[columns] = {};
#pragma GCC unroll 24
    for (int j = 0; j < columns; ++j) {
        __builtin_prefetch(operands.c + j * operands.c_stride, 1);
    }
    const T* a = operands.a;
    const T* b = operands.b;
    for (Index l = 0; l < operands.depth; ++l, a += operands.a_stride, b += operands.b_stride) {
        ahead.fetch();
        typename Vector::Type row = Vector::load(a);
        Vector::keep(row);
#pragma GCC unroll 24
        for (int j = 0; j < columns; ++j) {
            sum[j] += row * b[j];
        }
    }
#pragma GCC unroll 24
    for (int j = 0; j < columns; ++j) {
        Vector::store(operands.c + j * operands.c_stride, sum[j], Vector::size);
    }
}

/// The same for a number of columns from 1 to max_columns that is known at run time only.
template <int bytes, int lines, typename T>
void multiply_any_columns(const ColumnOperands<T>& operands, int columns, Ahead<lines> ahead) {
    using Tile = void (*)(const ColumnOperands<T>&, Ahead<lines>);
    static constexpr auto tiles = []<int... before>(std::integer_sequence<int, before...>) {
        return std::array<Tile, max_columns>{&multiply_columns<bytes, before + 1, lines, T>...};
    }
    (std::make_integer_sequence<int, max_columns>());
    tiles[static_cast<std::size_t>(columns - 1)](operands, ahead);
}

}  // namespace tessera::tile
