#include "slab_vector_products.hpp"

#include <algorithm>
#include <type_traits>

namespace tessera {
namespace {

using Space = Kokkos::DefaultExecutionSpace;
using Policy = Kokkos::TeamPolicy<Space>;
using Member = Policy::member_type;

constexpr bool on_host = Kokkos::SpaceAccessibility<Kokkos::HostSpace, DeviceSpace>::accessible;

// Up to this many entries behind the columns a row is summed along the columns, with the sums in
// registers; with more of them, entries behind the columns are what vector instructions work on.
constexpr Index narrow = 4;
// Entries of one task where there are enough, and the longest pieces of vectors that a task comes
// back to: 16 KiB, for the first-level cache.
constexpr Index task_entries = 16384;
constexpr Index right_tile = 2048;
constexpr Index middle_tile = 2048;

/// Whether rows lie a page or more apart. They are then read several side by side, because a CPU
/// stops fetching ahead at the end of a page and starts slowly on the next one; closer rows are
/// read one after the other, as they lie in memory.
template <typename T>
KOKKOS_FUNCTION bool is_far(Index stride) {
    return stride * static_cast<Index>(sizeof(T)) >= 4096;
}

Index ceiling(Index a, Index b) { return (a + b - 1) / b; }

/// Positions begin..end-1.
struct Piece {
    Index begin;
    Index end;
    [[nodiscard]] KOKKOS_FUNCTION Index size() const { return end - begin; }
};

/// How a block is cut into tasks. An item is a tile of rows.
struct Tiling {
    explicit Tiling(const Unfolding& shape) : whole(shape) {
        rights = shape.right <= narrow ? shape.right : std::min(shape.right, right_tile);
        right_tiles = ceiling(shape.right, rights);
        middles = std::min(shape.middle, middle_tile);
        lefts = std::clamp<Index>(task_entries / (middles * rights), 1, shape.left);
        left_tiles = ceiling(shape.left, lefts);
        middle_tiles = ceiling(shape.middle, middles);
        // Fewer tasks than threads: columns are shared out more finely.
        const Index wanted = ceiling(Index{4} * Space().concurrency(), items());
        if (middle_tiles < wanted) {
            middles = std::max(ceiling(shape.middle, wanted), std::min<Index>(16, shape.middle));
            middle_tiles = ceiling(shape.middle, middles);
        }
    }

    [[nodiscard]] KOKKOS_FUNCTION Index items() const { return left_tiles * right_tiles; }
    [[nodiscard]] KOKKOS_FUNCTION Index rows() const { return whole.left * whole.right; }
    [[nodiscard]] KOKKOS_FUNCTION Piece left_range(Index item) const {
        return piece(item / right_tiles, lefts, whole.left);
    }
    [[nodiscard]] KOKKOS_FUNCTION Piece right_range(Index item) const {
        return piece(item % right_tiles, rights, whole.right);
    }
    [[nodiscard]] KOKKOS_FUNCTION Piece middle_range(Index tile) const {
        return piece(tile, middles, whole.middle);
    }
    KOKKOS_FUNCTION static Piece piece(Index tile, Index length, Index end) {
        return {tile * length, (tile + 1) * length < end ? (tile + 1) * length : end};
    }

    /// Groups of items of a transposed product, each with its own sums: so many that all threads
    /// have work, so few that the sums are small beside the block.
    [[nodiscard]] Index groups() const {
        const Index wanted = ceiling(Index{4} * Space().concurrency(), middle_tiles);
        const Index affordable = std::max<Index>(1, rows() / 32);
        return std::min({items(), wanted, affordable});
    }

    Unfolding whole;
    Index lefts, middles, rights;
    Index left_tiles, middle_tiles, right_tiles;
};

Policy policy(Index league) {
    // On a CPU a task is one thread's, so that the compiler sees plain loops.
    if constexpr (on_host) {
        return Policy(static_cast<int>(league), 1);
    } else {
        return Policy(static_cast<int>(league), Kokkos::AUTO, 32);
    }
}

/// On the host: the calls are independent of one another, which the compiler could not know.
template <typename Function>
void for_each_on_host(Index count, const Function& function) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC ivdep
#endif
    for (Index i = 0; i < count; ++i) {
        function(i);
    }
}

template <typename Function>
KOKKOS_FUNCTION void for_each(const Member& team, Index count, const Function& function) {
    KOKKOS_IF_ON_HOST((for_each_on_host(count, function); (void)team;))
    KOKKOS_IF_ON_DEVICE((Kokkos::parallel_for(Kokkos::TeamVectorRange(team, count), function);))
}

/// target[i] += sum over k and r of weights[k R + r] a[k stride + i R + r], for `Rows` rows of `a`
/// at once: so `target` is loaded and stored the less often, and several streams are read side by
/// side.
template <int Rows, int R, typename T>
KOKKOS_FUNCTION void add_rows(const Member& team, const T* a, Index stride, const double* weights,
                              Index count, double* target) {
    struct {
        double values[Rows * R];
    } w;
    for (int k = 0; k < Rows * R; ++k) {
        w.values[k] = weights[k];
    }
    for_each(team, count, [=](Index i) {
        double sum = 0.0;
        for (int k = 0; k < Rows; ++k) {
            for (int r = 0; r < R; ++r) {
                sum += w.values[k * R + r] * static_cast<double>(a[k * stride + i * R + r]);
            }
        }
        target[i] += sum;
    });
}

/// sums[r] = sum over m of x[m] a[m R + r].
template <int R, typename T>
KOKKOS_FUNCTION void row_sums(const Member& team, const T* a, const double* x, Index count,
                              double (&sums)[R]) {
    // Several sums side by side: an addition need not wait for the one before.
    KOKKOS_IF_ON_HOST((
        constexpr int lanes = 8 / R; double parts[lanes * R] = {}; Index m = 0;
        for (; m + lanes <= count; m += lanes) {
            for (int lane = 0; lane < lanes; ++lane) {
                for (int r = 0; r < R; ++r) {
                    parts[lane * R + r] += x[m + lane] * static_cast<double>(a[(m + lane) * R + r]);
                }
            }
        } for (; m < count; ++m) {
            for (int r = 0; r < R; ++r) {
                parts[r] += x[m] * static_cast<double>(a[m * R + r]);
            }
        } for (int r = 0; r < R; ++r) {
            sums[r] = 0.0;
            for (int lane = 0; lane < lanes; ++lane) {
                sums[r] += parts[lane * R + r];
            }
        }(void)team;))
    KOKKOS_IF_ON_DEVICE((for (int r = 0; r < R; ++r) {
        Kokkos::parallel_reduce(
            Kokkos::ThreadVectorRange(team, count),
            [&](Index m, double& sum) { sum += x[m] * static_cast<double>(a[m * R + r]); },
            sums[r]);
    }))
}

template <typename T>
void four_row_sums_on_host(const T* a, Index stride, const double* x, Index count,
                           double (&sums)[4]) {
    const T* b = a + stride;
    const T* c = b + stride;
    const T* d = c + stride;
    double sum_a = 0.0, sum_b = 0.0, sum_c = 0.0, sum_d = 0.0;
    // Allows the compiler to add up in another order, the same one each time.
#if defined(_OPENMP)
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"  // below -O2 it stays a plain loop
#endif
#pragma omp simd reduction(+ : sum_a, sum_b, sum_c, sum_d)
#endif
    for (Index m = 0; m < count; ++m) {
        sum_a += x[m] * static_cast<double>(a[m]);
        sum_b += x[m] * static_cast<double>(b[m]);
        sum_c += x[m] * static_cast<double>(c[m]);
        sum_d += x[m] * static_cast<double>(d[m]);
    }
    sums[0] = sum_a;
    sums[1] = sum_b;
    sums[2] = sum_c;
    sums[3] = sum_d;
}

/// sums[k] = sum over m of x[m] a[k stride + m].
template <typename T>
KOKKOS_FUNCTION void four_row_sums(const Member& team, const T* a, Index stride, const double* x,
                                   Index count, double (&sums)[4]) {
    KOKKOS_IF_ON_HOST((four_row_sums_on_host(a, stride, x, count, sums); (void)team;))
    KOKKOS_IF_ON_DEVICE((for (int k = 0; k < 4; ++k) {
        double one[1];
        row_sums<1>(team, a + k * stride, x, count, one);
        sums[k] = one[0];
    }))
}

/// y tile = A tile x tile for right <= narrow. (By overloads, not by `if constexpr` in the kernels:
/// nvcc takes no lambda that captures something first in there.)
template <int R, typename T>
KOKKOS_FUNCTION void multiply_tile(const Member& team, const Tiling& tiling, const T* block,
                                   const double* x, double* y, Index item,
                                   Piece middle) requires(R > 0) {
    const Piece left = tiling.left_range(item);
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, left.begin, left.end), [&](Index l) {
        double sums[R];
        row_sums<R>(team, block + (l * tiling.whole.middle + middle.begin) * R, x + middle.begin,
                    middle.size(), sums);
        Kokkos::single(Kokkos::PerThread(team), [&]() {
            for (int r = 0; r < R; ++r) {
                y[l * R + r] = sums[r];
            }
        });
    });
}

/// The same for larger right: columns are added up.
template <int R, typename T>
KOKKOS_FUNCTION void multiply_tile(const Member& team, const Tiling& tiling, const T* block,
                                   const double* x, double* y, Index item,
                                   Piece middle) requires(R == 0) {
    const Piece left = tiling.left_range(item);
    const Piece right = tiling.right_range(item);
    const Index stride = tiling.whole.right;
    for (Index l = left.begin; l < left.end; ++l) {
        double* target = y + l * stride + right.begin;
        const T* slab = block + l * tiling.whole.middle * stride + right.begin;
        for_each(team, right.size(), [=](Index r) { target[r] = 0.0; });
        Index m = middle.begin;
        for (; is_far<T>(stride) && m + 8 <= middle.end; m += 8) {
            add_rows<8, 1>(team, slab + m * stride, stride, x + m, right.size(), target);
        }
        for (; m < middle.end; ++m) {
            add_rows<1, 1>(team, slab + m * stride, stride, x + m, right.size(), target);
        }
    }
}

/// x tile += (A tile)^T y tile for right <= narrow.
template <int R, typename T>
KOKKOS_FUNCTION void add_transposed_tile(const Member& team, const Tiling& tiling, const T* block,
                                         const double* y, double* x, Index item,
                                         Piece middle) requires(R > 0) {
    const Piece left = tiling.left_range(item);
    const Index slab = tiling.whole.middle * R;
    const T* a = block + middle.begin * R;
    double* target = x + middle.begin;
    constexpr int rows = 8 / R;
    Index l = left.begin;
    for (; is_far<T>(slab) && l + rows <= left.end; l += rows) {
        add_rows<rows, R>(team, a + l * slab, slab, y + l * R, middle.size(), target);
    }
    for (; l < left.end; ++l) {
        add_rows<1, R>(team, a + l * slab, slab, y + l * R, middle.size(), target);
    }
}

/// The same for larger right: one inner product per column.
template <int R, typename T>
KOKKOS_FUNCTION void add_transposed_tile(const Member& team, const Tiling& tiling, const T* block,
                                         const double* y, double* x, Index item,
                                         Piece middle) requires(R == 0) {
    const Piece left = tiling.left_range(item);
    const Piece right = tiling.right_range(item);
    const Index stride = tiling.whole.right;
    const Index fours = is_far<T>(stride) ? middle.size() / 4 : 0;
    for (Index l = left.begin; l < left.end; ++l) {
        const double* weights = y + l * stride + right.begin;
        const T* slab = block + l * tiling.whole.middle * stride + right.begin;
        Kokkos::parallel_for(Kokkos::TeamThreadRange(team, fours), [&](Index four) {
            const Index m = middle.begin + 4 * four;
            double sums[4];
            four_row_sums(team, slab + m * stride, stride, weights, right.size(), sums);
            Kokkos::single(Kokkos::PerThread(team), [&]() {
                for (int k = 0; k < 4; ++k) {
                    x[m + k] += sums[k];
                }
            });
        });
        Kokkos::parallel_for(Kokkos::TeamThreadRange(team, middle.begin + 4 * fours, middle.end),
                             [&](Index m) {
                                 double sum[1];
                                 row_sums<1>(team, slab + m * stride, weights, right.size(), sum);
                                 Kokkos::single(Kokkos::PerThread(team), [&]() { x[m] += sum[0]; });
                             });
    }
}

/// total[i] = sum over p of parts[p count + i].
void add_parts(const double* parts, Index part_count, Index count, double* total) {
    Kokkos::parallel_for(
        "tessera::add_parts", Kokkos::RangePolicy<Space>(0, count), KOKKOS_LAMBDA(Index i) {
            double sum = 0.0;
            for (Index part = 0; part < part_count; ++part) {
                sum += parts[part * count + i];
            }
            total[i] = sum;
        });
}

void fill_zero(double* values, Index count) {
    Kokkos::parallel_for(
        "tessera::fill_zero", Kokkos::RangePolicy<Space>(0, count),
        KOKKOS_LAMBDA(Index i) { values[i] = 0.0; });
}

template <int R, typename T>
void multiply(const Tiling& tiling, const T* block, const double* x, double* y, double* work) {
    // Columns in several tiles give several parts of y, added up afterwards.
    double* target = tiling.middle_tiles > 1 ? work : y;
    const Tiling tiles = tiling;
    Kokkos::parallel_for(
        "tessera::slab_times_vector", policy(tiles.items() * tiles.middle_tiles),
        KOKKOS_LAMBDA(const Member& team) {
            const Index tile = team.league_rank() % tiles.middle_tiles;
            const Index item = team.league_rank() / tiles.middle_tiles;
            double* part = target + tile * tiles.rows();
            multiply_tile<R>(team, tiles, block, x, part, item, tiles.middle_range(tile));
        });
    if (tiling.middle_tiles > 1) {
        add_parts(work, tiling.middle_tiles, tiling.rows(), y);
    }
}

template <int R, typename T>
void multiply_transposed(const Tiling& tiling, const T* block, const double* y, double* x,
                         double* work) {
    const Index columns = tiling.whole.middle;
    const Index groups = tiling.groups();
    const Tiling tiles = tiling;
    Kokkos::parallel_for(
        "tessera::slab_transposed_times_vector", policy(groups * tiles.middle_tiles),
        KOKKOS_LAMBDA(const Member& team) {
            const Index group = team.league_rank() / tiles.middle_tiles;
            const Piece middle = tiles.middle_range(team.league_rank() % tiles.middle_tiles);
            double* part = work + group * columns;
            for_each(team, middle.size(), [=](Index m) { part[middle.begin + m] = 0.0; });
            team.team_barrier();
            const Index end = (group + 1) * tiles.items() / groups;
            for (Index item = group * tiles.items() / groups; item < end; ++item) {
                add_transposed_tile<R>(team, tiles, block, y, part, item, middle);
            }
        });
    add_parts(work, groups, columns, x);
}

/// Calls work with the extent of the contiguous modes as a compile-time constant where it is small
/// (kernels of their own unroll over it), and with 0 otherwise.
template <typename Work>
void with_narrow_extent(Index right, const Work& work) {
    switch (right) {
        case 1:
            return work(std::integral_constant<int, 1>());
        case 2:
            return work(std::integral_constant<int, 2>());
        case 3:
            return work(std::integral_constant<int, 3>());
        case 4:
            return work(std::integral_constant<int, 4>());
        default:
            return work(std::integral_constant<int, 0>());
    }
}

}  // namespace

template <typename T>
void slab_times_vector(const Unfolding& shape, const T* block, const double* x, double* y,
                       double* work) {
    if (shape.rows() == 0 || shape.middle == 0) {
        fill_zero(y, shape.rows());
        return;
    }
    const Tiling tiling(shape);
    with_narrow_extent(shape.right,
                       [&](auto extent) { multiply<extent>(tiling, block, x, y, work); });
}

template <typename T>
void slab_transposed_times_vector(const Unfolding& shape, const T* block, const double* y,
                                  double* x, double* work) {
    if (shape.rows() == 0 || shape.middle == 0) {
        fill_zero(x, shape.middle);
        return;
    }
    const Tiling tiling(shape);
    with_narrow_extent(
        shape.right, [&](auto extent) { multiply_transposed<extent>(tiling, block, y, x, work); });
}

Index slab_work_size(const Unfolding& shape) {
    if (shape.rows() == 0 || shape.middle == 0) {
        return 0;
    }
    const Tiling tiling(shape);
    const Index rows = tiling.middle_tiles > 1 ? tiling.middle_tiles * tiling.rows() : 0;
    return std::max(rows, tiling.groups() * shape.middle);
}

#define TESSERA_INSTANTIATE(T)                                                               \
    template void slab_times_vector<T>(const Unfolding&, const T*, const double*, double*,   \
                                       double*);                                             \
    template void slab_transposed_times_vector<T>(const Unfolding&, const T*, const double*, \
                                                  double*, double*);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
