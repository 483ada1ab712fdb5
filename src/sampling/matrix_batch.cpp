#include "tessera/sampling/matrix_batch.hpp"

namespace tessera {

void fill_normal(const MatrixBatch& batch, const Random& random, std::uint32_t step,
                 const DeviceView<double>& values) {
    // Normal numbers come in pairs; a pair may lie on two ranks, which then both draw it.
    const Index pairs = (batch.entries() + 1) / 2;
    const Index begin = batch.own_rows.begin * batch.columns;
    const Index entries = batch.local_entries();
    const Index end = begin + entries;
    const Index first_pair = begin / 2;
    const Index local_pairs = entries > 0 ? (end + 1) / 2 - first_pair : 0;
    const Index first_matrix = batch.first;
    Kokkos::parallel_for(
        "tessera::fill_normal", Kokkos::RangePolicy<>(0, batch.count * local_pairs),
        KOKKOS_LAMBDA(Index work) {
            const Index matrix = work / local_pairs;
            const Index pair = first_pair + work % local_pairs;
            const auto drawn = random.normal_pair((first_matrix + matrix) * pairs + pair, step);
            const Index offset = matrix * entries - begin;
            if (2 * pair >= begin) {
                values(offset + 2 * pair) = drawn.first;
            }
            if (2 * pair + 1 < end) {
                values(offset + 2 * pair + 1) = drawn.second;
            }
        });
}

}  // namespace tessera
