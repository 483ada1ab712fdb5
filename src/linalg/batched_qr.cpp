#include "batched_householder.hpp"
#include "batched_load.hpp"
#include "tessera/base/error.hpp"
#include "tessera/linalg/batched.hpp"

namespace tessera {
namespace {

using lanes::Pack;
using lanes::Packs;
using Space = Kokkos::DefaultExecutionSpace;
using Team = Kokkos::TeamPolicy<Space>;

template <typename T>
struct QrKernel {
    lanes::Batch<T> batch;
    Index rank;
    DeviceView<T> q;  // size 0: not wanted
    DeviceView<T> r;

    // Columns a power of two apart would compete for the same few lines of the cache.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION Index stride() const { return batch.rows | 1; }
    [[nodiscard]] KOKKOS_INLINE_FUNCTION std::size_t scratch_bytes() const {
        const Index packs = stride() * batch.columns + rank + (q.size() > 0 ? stride() * rank : 0);
        return static_cast<std::size_t>(packs * lanes::threads) * sizeof(Pack<T>);
    }

    KOKKOS_INLINE_FUNCTION void operator()(const typename Team::member_type& team) const {
        auto* memory = static_cast<Pack<T>*>(
            team.team_scratch(1).get_shmem_aligned(scratch_bytes(), alignof(Pack<T>)));
        const Index first = static_cast<Index>(team.league_rank()) * lanes::group<T> +
                            team.team_rank() * lanes::width<T>;
        if (first < batch.count) {
            factorise(first, {memory + team.team_rank()});
        }
    }

    KOKKOS_INLINE_FUNCTION void factorise(Index first, const Packs<T>& a) const {
        const Packs<T> tau = a + stride() * batch.columns;
        const Packs<T> own_q = tau + rank;
        Pack<T> scale = batch.load(first, a, stride()).scale;
        lanes::householder_factor<T>(a, stride(), batch.rows, batch.columns, tau);
        if (q.size() > 0) {
            lanes::form_orthogonal<T>(a, stride(), 0, rank, tau, batch.rows, rank, own_q);
        }
        for (int lane = 0; lane < lanes::width<T> && first + lane < batch.count; ++lane) {
            write(first + lane, lane, a, own_q, lanes::lane_of<T>(scale, lane));
        }
    }

    // One matrix, signs turned so that the diagonal of R is >= 0.
    KOKKOS_INLINE_FUNCTION void write(Index matrix, int lane, const Packs<T>& a,
                                      const Packs<T>& own_q, T scale) const {
        for (Index row = 0; row < rank; ++row) {
            const T sign = lanes::lane_of<T>(a[row * stride() + row], lane) < T{0} ? T{-1} : T{1};
            for (Index column = 0; column < batch.columns; ++column) {
                const T entry = lanes::lane_of<T>(a[column * stride() + row], lane);
                r((matrix * batch.columns + column) * rank + row) =
                    column < row ? T{0} : sign * scale * entry;
            }
            for (Index i = 0; q.size() > 0 && i < batch.rows; ++i) {
                q((matrix * rank + row) * batch.rows + i) =
                    sign * lanes::lane_of<T>(own_q[row * stride() + i], lane);
            }
        }
    }
};

}  // namespace

template <typename T>
void batched_qr(const BatchShape& shape, const DeviceView<const T>& a, const DeviceView<T>& q,
                const DeviceView<T>& r) {
    const Index rank = shape.rank();
    const auto fits = [&](const auto& view, Index entries) {
        return static_cast<Index>(view.size()) == shape.count * entries;
    };
    TESSERA_ASSERT(fits(a, shape.rows * shape.columns) && fits(r, rank * shape.columns) &&
                       (q.size() == 0 || fits(q, shape.rows * rank)),
                   "arrays of a batch do not agree with its shape");
    if (shape.count == 0 || rank == 0) {
        return;
    }
    const QrKernel<T> kernel{{shape.count, shape.rows, shape.columns, false, a}, rank, q, r};
    Team policy(static_cast<int>(lanes::groups<T>(shape.count)), lanes::threads);
    policy.set_scratch_size(1, Kokkos::PerTeam(kernel.scratch_bytes() + alignof(Pack<T>)));
    Kokkos::parallel_for("tessera::batched_qr", policy, kernel);
    Kokkos::fence("tessera::batched_qr");
}

template void batched_qr<float>(const BatchShape&, const DeviceView<const float>&,
                                const DeviceView<float>&, const DeviceView<float>&);
template void batched_qr<double>(const BatchShape&, const DeviceView<const double>&,
                                 const DeviceView<double>&, const DeviceView<double>&);

}  // namespace tessera
