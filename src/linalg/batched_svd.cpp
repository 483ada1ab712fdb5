#include <algorithm>
#include <string>

#include "batched_bidiagonal.hpp"
#include "batched_load.hpp"
#include "batched_qr_iteration.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/batched.hpp"

namespace tessera {
namespace {

using lanes::Pack;
using lanes::Packs;
using Space = Kokkos::DefaultExecutionSpace;
using Team = Kokkos::TeamPolicy<Space>;

enum class Outcome : int { done, not_finite, not_converged };

// SVD of groups of matrices with rows >= columns (wide ones come transposed): bidiagonalisation,
// then QR sweeps with the lanes in step, then sorting.
template <typename T>
struct SvdKernel {
    lanes::Batch<T> batch;
    DeviceView<T> values;
    DeviceView<T> left;  // size 0: not wanted
    DeviceView<T> right;
    DeviceView<int> outcomes;

    // A group's arrays in the team's scratch memory.
    struct Arrays {
        lanes::Bidiagonal<T> form;
        Packs<T> rotations;
        Packs<T> u;
        Packs<T> v;
        Index packs;

        KOKKOS_INLINE_FUNCTION Arrays(const Packs<T>& scratch, Index m, Index n, bool wants_u,
                                      bool wants_v) {
            Index used = 0;
            const auto take = [&](Index entries) {
                used += entries;
                return scratch + (used - entries);
            };
            // Columns a power of two apart would compete for the same few lines of the cache.
            const Index stride = m | 1;
            form = {m,       n,       stride,  take(stride * n), take(stride * n), take(n),
                    take(n), take(n), take(n), take(m),          take(m)};
            rotations = take(lanes::QrIteration<T>::scratch_packs(n));
            u = wants_u ? take(stride * n) : Packs<T>{};
            v = wants_v ? take(stride * n) : Packs<T>{};
            packs = used;
        }
    };

    [[nodiscard]] KOKKOS_INLINE_FUNCTION Arrays arrays(const Packs<T>& scratch) const {
        return Arrays(scratch, batch.rows, batch.columns, left.size() > 0, right.size() > 0);
    }
    [[nodiscard]] KOKKOS_INLINE_FUNCTION std::size_t scratch_bytes() const {
        return static_cast<std::size_t>(arrays({}).packs * lanes::threads) * sizeof(Pack<T>);
    }

    KOKKOS_INLINE_FUNCTION void operator()(const typename Team::member_type& team) const {
        auto* memory = static_cast<Pack<T>*>(
            team.team_scratch(1).get_shmem_aligned(scratch_bytes(), alignof(Pack<T>)));
        const Index first = static_cast<Index>(team.league_rank()) * lanes::group<T> +
                            team.team_rank() * lanes::width<T>;
        if (first < batch.count) {
            solve(first, arrays({memory + team.team_rank()}));
        }
    }

    KOKKOS_INLINE_FUNCTION void solve(Index first, const Arrays& own) const {
        const lanes::Bidiagonal<T>& form = own.form;
        const Index rows = batch.rows;
        const Index columns = batch.columns;
        const Pack<T> scale = load(first, form.a, form.stride);
        form.reduce();
        if (own.u.data != nullptr) {
            lanes::form_orthogonal<T>(form.a, form.stride, 0, columns, form.left_tau, rows, columns,
                                      own.u);
        }
        if (own.v.data != nullptr) {
            lanes::form_orthogonal<T>(form.right, form.stride, 1, columns - 1, form.right_tau,
                                      columns, columns, own.v);
        }
        lanes::QrIteration<T> iteration(columns, form.diagonal, form.upper, own.rotations);
        const Pack<T> unfinished =
            iteration.run({own.u, rows, form.stride}, {own.v, columns, form.stride});
        write(first, own, scale, unfinished);
    }

    // Reads a group. A matrix with a NaN or Inf is marked and replaced by zeros.
    KOKKOS_INLINE_FUNCTION Pack<T> load(Index first, const Packs<T>& to, Index stride) const {
        typename lanes::Batch<T>::Loaded loaded = batch.load(first, to, stride);
        bool all_finite = true;
        for (int lane = 0; lane < lanes::width<T> && first + lane < batch.count; ++lane) {
            const bool finite = lanes::lane_of<T>(loaded.poison, lane) == T{0};
            outcomes(first + lane) = static_cast<int>(finite ? Outcome::done : Outcome::not_finite);
            all_finite = all_finite && finite;
        }
        for (Index e = 0; !all_finite && e < stride * batch.columns; ++e) {
            // A NaN is not equal to itself; such a matrix becomes zero as a whole.
            to[e] = loaded.poison == loaded.poison ? to[e] : Pack<T>{};
        }
        return loaded.scale;
    }

    // Sorts by singular value, gives them the sign + and writes what is wanted.
    KOKKOS_INLINE_FUNCTION void write(Index first, const Arrays& own, Pack<T> scale,
                                      Pack<T> unfinished) const {
        const Index rows = batch.rows;
        const Index n = batch.columns;
        const Index stride = own.form.stride;
        const Packs<T>& diagonal = own.form.diagonal;
        const Packs<T>& rank = own.form.upper;  // no longer needed
        for (Index p = 0; p < n; ++p) {
            Pack<T> before{};
            for (Index q = 0; q < n; ++q) {
                const Pack<T> other = lanes::magnitude(diagonal[q]);
                const Pack<T> value = lanes::magnitude(diagonal[p]);
                before += (q < p ? other >= value : other > value) ? lanes::splat<T>(1) : Pack<T>{};
            }
            rank[p] = before;
        }
        for (int lane = 0; lane < lanes::width<T> && first + lane < batch.count; ++lane) {
            const Index matrix = first + lane;
            for (Index p = 0; p < n; ++p) {
                const Index to = matrix * n + static_cast<Index>(lanes::lane_of<T>(rank[p], lane));
                const T value = lanes::lane_of<T>(diagonal[p], lane);
                const T sign = value < T{0} ? T{-1} : T{1};
                values(to) = sign * value * lanes::lane_of<T>(scale, lane);
                for (Index i = 0; own.u.data != nullptr && i < rows; ++i) {
                    left(to * rows + i) = sign * lanes::lane_of<T>(own.u[p * stride + i], lane);
                }
                for (Index i = 0; own.v.data != nullptr && i < n; ++i) {
                    right(to * n + i) = lanes::lane_of<T>(own.v[p * stride + i], lane);
                }
            }
            if (lanes::lane_of<T>(unfinished, lane) != T{0}) {
                outcomes(matrix) = static_cast<int>(Outcome::not_converged);
            }
        }
    }
};

// Throws for the first matrix that has no result.
void require_success(const DeviceView<int>& outcomes, Index count) {
    Index first = count;
    Kokkos::parallel_reduce(
        "tessera::batched_svd_outcomes", Kokkos::RangePolicy<Space>(0, count),
        KOKKOS_LAMBDA(Index matrix, Index & least) {
            if (outcomes(matrix) != 0 && matrix < least) {
                least = matrix;
            }
        },
        Kokkos::Min<Index>(first));
    if (first >= count) {
        return;
    }
    int outcome = 0;
    Kokkos::deep_copy(outcome, Kokkos::subview(outcomes, first));
    throw ConvergenceError(
        "matrix " + std::to_string(first) + " of a batch of " + std::to_string(count) +
        (static_cast<Outcome>(outcome) == Outcome::not_finite
             ? " has a NaN or an infinite entry and cannot be decomposed"
             : " has no singular value decomposition after 30 sweeps per singular value"));
}

}  // namespace

template <typename T>
Index batch_group() {
    return lanes::group<T>;
}

template <typename T>
void batched_svd(const BatchShape& shape, const DeviceView<const T>& a,
                 const DeviceView<T>& singular_values, const DeviceView<T>& u,
                 const DeviceView<T>& v) {
    const Index rank = shape.rank();
    const auto fits = [&](const auto& view, Index entries) {
        return static_cast<Index>(view.size()) == shape.count * entries;
    };
    TESSERA_ASSERT(fits(a, shape.rows * shape.columns) && fits(singular_values, rank),
                   "arrays of a batch do not agree with its shape");
    TESSERA_ASSERT((u.size() == 0 || fits(u, shape.rows * rank)) &&
                       (v.size() == 0 || fits(v, shape.columns * rank)),
                   "singular vectors of a batch do not agree with its shape");
    if (shape.count == 0 || rank == 0) {
        return;
    }
    const bool wide = shape.rows < shape.columns;
    const SvdKernel<T> kernel{{shape.count, std::max(shape.rows, shape.columns), rank, wide, a},
                              singular_values,
                              wide ? v : u,
                              wide ? u : v,
                              allocate<int>("batched_svd outcomes", shape.count)};
    Team policy(static_cast<int>(lanes::groups<T>(shape.count)), lanes::threads);
    policy.set_scratch_size(1, Kokkos::PerTeam(kernel.scratch_bytes() + alignof(Pack<T>)));
    Kokkos::parallel_for("tessera::batched_svd", policy, kernel);
    require_success(kernel.outcomes, shape.count);
}

template Index batch_group<float>();
template Index batch_group<double>();
template void batched_svd<float>(const BatchShape&, const DeviceView<const float>&,
                                 const DeviceView<float>&, const DeviceView<float>&,
                                 const DeviceView<float>&);
template void batched_svd<double>(const BatchShape&, const DeviceView<const double>&,
                                  const DeviceView<double>&, const DeviceView<double>&,
                                  const DeviceView<double>&);

}  // namespace tessera
