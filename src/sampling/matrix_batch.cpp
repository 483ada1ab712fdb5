#include "tessera/sampling/matrix_batch.hpp"

namespace tessera {
namespace {

// Pairs that one work item draws. On a host a block of them becomes vector instructions: words
// first, for a loop over both does not; a device has a thread for each.
constexpr bool on_host =
    Kokkos::SpaceAccessibility<Kokkos::HostSpace,
                               Kokkos::DefaultExecutionSpace::memory_space>::accessible;
constexpr int pairs_together = on_host ? 64 : 1;

struct NormalBlock {
    double first[pairs_together];
    double second[pairs_together];
};

KOKKOS_INLINE_FUNCTION void draw_block(const Random& random, Index index, std::uint32_t step,
                                       NormalBlock& block) {
    std::uint32_t w0[pairs_together];
    std::uint32_t w1[pairs_together];
    std::uint32_t w2[pairs_together];
    std::uint32_t w3[pairs_together];
#pragma omp simd
    for (int lane = 0; lane < pairs_together; ++lane) {
        const auto w = random.words(index + lane, step);
        w0[lane] = w[0];
        w1[lane] = w[1];
        w2[lane] = w[2];
        w3[lane] = w[3];
    }
#pragma omp simd
    for (int lane = 0; lane < pairs_together; ++lane) {
        const NormalPair drawn = Random::to_normal_pair(w0[lane], w1[lane], w2[lane], w3[lane]);
        block.first[lane] = drawn.first;
        block.second[lane] = drawn.second;
    }
}

}  // namespace

void fill_normal(const MatrixBatch& batch, const Random& random, std::uint32_t step,
                 const DeviceView<double>& values) {
    // Normal numbers come in pairs; a pair may lie on two ranks, which then both draw it.
    const Index pairs = (batch.entries() + 1) / 2;
    const Index begin = batch.own_rows.begin * batch.columns;
    const Index entries = batch.local_entries();
    const Index end = begin + entries;
    const Index first_pair = begin / 2;
    const Index local_pairs = entries > 0 ? (end + 1) / 2 - first_pair : 0;
    const Index blocks = (local_pairs + pairs_together - 1) / pairs_together;
    const Index first_matrix = batch.first;
    Kokkos::parallel_for(
        "tessera::fill_normal", Kokkos::RangePolicy<>(0, batch.count * blocks),
        KOKKOS_LAMBDA(Index work) {
            const Index matrix = work / blocks;
            const Index pair = first_pair + (work % blocks) * pairs_together;
            NormalBlock block;
            draw_block(random, (first_matrix + matrix) * pairs + pair, step, block);
            const Index offset = matrix * entries - begin;
            for (int lane = 0; lane < pairs_together; ++lane) {
                const Index place = 2 * (pair + lane);
                if (place >= begin && place < end) {
                    values(offset + place) = block.first[lane];
                }
                if (place + 1 < end) {
                    values(offset + place + 1) = block.second[lane];
                }
            }
        });
}

}  // namespace tessera
