#include "slab_vector_products.hpp"

#include <algorithm>

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
        const Index wanted = ceiling(4 * Space().concurrency(), items());
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
        const Index wanted = ceiling(4 * Space().concurrency(), middle_tiles);
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

template <typename Function>
KOKKOS_FUNCTION void for_each(const Member& team, Index count, const Function& function) {
    KOKKOS_IF_ON_HOST((for (Index i = 0; i < count; ++i) { function(i); }(void)team;))
    KOKKOS_IF_ON_DEVICE((Kokkos::parallel_for(Kokkos::TeamVectorRange(team, count), function);))
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

/// y tile = A tile x tile for right <= narrow.
template <int R, typename T>
KOKKOS_FUNCTION void multiply_narrow(const Member& team, const Tiling& tiling, const T* block,
                                     const double* x, double* y, Index item, Piece middle) {
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

/// The same for larger right: columns are added up, four at a time.
template <typename T>
KOKKOS_FUNCTION void multiply_wide(const Member& team, const Tiling& tiling, const T* block,
                                   const double* x, double* y, Index item, Piece middle) {
    const Piece left = tiling.left_range(item);
    const Piece right = tiling.right_range(item);
    const Index stride = tiling.whole.right;
    for (Index l = left.begin; l < left.end; ++l) {
        double* target = y + l * stride + right.begin;
        const T* slab = block + l * tiling.whole.middle * stride + right.begin;
        for_each(team, right.size(), [=](Index r) { target[r] = 0.0; });
        Index m = middle.begin;
        for (; m + 4 <= middle.end; m += 4) {
            const T* a = slab + m * stride;
            const T* b = a + stride;
            const T* c = b + stride;
            const T* d = c + stride;
            const double xa = x[m], xb = x[m + 1], xc = x[m + 2], xd = x[m + 3];
            for_each(team, right.size(), [=](Index r) {
                target[r] += xa * static_cast<double>(a[r]) + xb * static_cast<double>(b[r]) +
                             xc * static_cast<double>(c[r]) + xd * static_cast<double>(d[r]);
            });
        }
        for (; m < middle.end; ++m) {
            const T* a = slab + m * stride;
            const double xa = x[m];
            for_each(team, right.size(),
                     [=](Index r) { target[r] += xa * static_cast<double>(a[r]); });
        }
    }
}

/// x tile += (A tile)^T y tile for right <= narrow.
template <int R, typename T>
KOKKOS_FUNCTION void add_transposed_narrow(const Member& team, const Tiling& tiling, const T* block,
                                           const double* y, double* x, Index item, Piece middle) {
    const Piece left = tiling.left_range(item);
    const Index slab = tiling.whole.middle * R;
    const T* first = block + middle.begin * R;
    double* target = x + middle.begin;
    Index l = left.begin;
    for (; l + 4 <= left.end; l += 4) {
        const T* a = first + l * slab;
        const double* weights = y + l * R;
        for_each(team, middle.size(), [=](Index m) {
            double sum = 0.0;
            for (int row = 0; row < 4; ++row) {
                for (int r = 0; r < R; ++r) {
                    sum += weights[row * R + r] * static_cast<double>(a[row * slab + m * R + r]);
                }
            }
            target[m] += sum;
        });
    }
    for (; l < left.end; ++l) {
        const T* a = first + l * slab;
        const double* weights = y + l * R;
        for_each(team, middle.size(), [=](Index m) {
            for (int r = 0; r < R; ++r) {
                target[m] += weights[r] * static_cast<double>(a[m * R + r]);
            }
        });
    }
}

/// The same for larger right: one inner product per column.
template <typename T>
KOKKOS_FUNCTION void add_transposed_wide(const Member& team, const Tiling& tiling, const T* block,
                                         const double* y, double* x, Index item, Piece middle) {
    const Piece left = tiling.left_range(item);
    const Piece right = tiling.right_range(item);
    const Index stride = tiling.whole.right;
    for (Index l = left.begin; l < left.end; ++l) {
        const double* weights = y + l * stride + right.begin;
        const T* slab = block + l * tiling.whole.middle * stride + right.begin;
        Kokkos::parallel_for(Kokkos::TeamThreadRange(team, middle.begin, middle.end), [&](Index m) {
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
            if constexpr (R > 0) {
                multiply_narrow<R>(team, tiles, block, x, part, item, tiles.middle_range(tile));
            } else {
                multiply_wide(team, tiles, block, x, part, item, tiles.middle_range(tile));
            }
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
                if constexpr (R > 0) {
                    add_transposed_narrow<R>(team, tiles, block, y, part, item, middle);
                } else {
                    add_transposed_wide(team, tiles, block, y, part, item, middle);
                }
            }
        });
    add_parts(work, groups, columns, x);
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
    switch (shape.right) {
        case 1:
            return multiply<1>(tiling, block, x, y, work);
        case 2:
            return multiply<2>(tiling, block, x, y, work);
        case 3:
            return multiply<3>(tiling, block, x, y, work);
        case 4:
            return multiply<4>(tiling, block, x, y, work);
        default:
            return multiply<0>(tiling, block, x, y, work);
    }
}

template <typename T>
void slab_transposed_times_vector(const Unfolding& shape, const T* block, const double* y,
                                  double* x, double* work) {
    if (shape.rows() == 0 || shape.middle == 0) {
        fill_zero(x, shape.middle);
        return;
    }
    const Tiling tiling(shape);
    switch (shape.right) {
        case 1:
            return multiply_transposed<1>(tiling, block, y, x, work);
        case 2:
            return multiply_transposed<2>(tiling, block, y, x, work);
        case 3:
            return multiply_transposed<3>(tiling, block, y, x, work);
        case 4:
            return multiply_transposed<4>(tiling, block, y, x, work);
        default:
            return multiply_transposed<0>(tiling, block, y, x, work);
    }
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
