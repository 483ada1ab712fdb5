#pragma once

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tessera/base/memory.hpp"
#include "tessera/base/random.hpp"
#include "tessera/parallel/communicator.hpp"
#include "tessera/parallel/partition.hpp"

namespace tessera {

/// Matrices of one shape that a group of ranks works on: thousands of small ones on one rank, or
/// one large one spread over many. Each matrix is row-major, one after the other; every rank of the
/// group holds the same contiguous rows of each.
struct MatrixBatch {
    Communicator group;  ///< the ranks that share each matrix
    Index first = 0;     ///< number of the first matrix among those of all groups
    Index count = 0;
    Index rows = 0;  ///< of a whole matrix; at least as many as columns
    Index columns = 0;
    Range own_rows;

    [[nodiscard]] KOKKOS_INLINE_FUNCTION Index entries() const { return rows * columns; }
    [[nodiscard]] Index local_entries() const { return own_rows.size() * columns; }
    /// Length of an array over all local entries of all matrices.
    [[nodiscard]] Index local_size() const { return count * local_entries(); }
};

namespace detail {

/// Entries that one work item has: on a host enough for whole vectors and for the work item's own
/// costs to vanish, on a device one, so that neighbouring threads have neighbouring entries.
inline constexpr Index entries_together =
    Kokkos::SpaceAccessibility<Kokkos::HostSpace, DeviceSpace>::accessible ? 1024 : 1;
/// Sums that are formed beside each other, for one addition waits for the one before it.
inline constexpr int sums_together = 4;

}  // namespace detail

/// Calls `work(matrix, local)`, which kernels can, for every local entry of every matrix. The calls
/// must not depend on each other: neighbouring ones become vector instructions.
template <typename Work>
void for_each_entry(const std::string& label, const MatrixBatch& batch, const Work& work) {
    const Index entries = batch.local_entries();
    const Index parts = (entries + detail::entries_together - 1) / detail::entries_together;
    Kokkos::parallel_for(
        label, Kokkos::RangePolicy<>(0, batch.count * parts), KOKKOS_LAMBDA(Index part) {
            const Index matrix = part / parts;
            const Index begin = (part % parts) * detail::entries_together;
            const Index end = Kokkos::min(begin + detail::entries_together, entries);
#pragma omp simd
            for (Index local = begin; local < end; ++local) {
                work(matrix, local);
            }
        });
}

/// Sums over the entries of each matrix, over the ranks of its group: `term(matrix, local, sums)`
/// adds what the entry `local` of `matrix` contributes to each of `Count` sums. In float64, in an
/// order that depends neither on threads nor on the number of matrices. Collective over the group.
template <int Count, typename Term>
[[nodiscard]] std::vector<std::array<double, Count>> matrix_sums(const std::string& label,
                                                                 const MatrixBatch& batch,
                                                                 const Term& term) {
    constexpr Index chunk = 4096;
    constexpr int lanes = detail::sums_together;
    const Index entries = batch.local_entries();
    const Index chunks = (entries + chunk - 1) / chunk;
    const DeviceView<double> parts = allocate<double>("partial sums", batch.count * chunks * Count);
    Kokkos::parallel_for(
        label, Kokkos::RangePolicy<>(0, batch.count * chunks), KOKKOS_LAMBDA(Index part) {
            const Index matrix = part / chunks;
            const Index begin = (part % chunks) * chunk;
            const Index end = Kokkos::min(begin + chunk, entries);
            double sums[lanes][Count] = {};
            Index local = begin;
            for (; local + lanes <= end; local += lanes) {
#pragma GCC unroll 4
                for (int lane = 0; lane < lanes; ++lane) {
                    term(matrix, local + lane, sums[lane]);
                }
            }
            for (; local < end; ++local) {
                term(matrix, local, sums[0]);
            }
            for (int sum = 0; sum < Count; ++sum) {
                double total = 0.0;
                for (int lane = 0; lane < lanes; ++lane) {
                    total += sums[lane][sum];
                }
                parts(part * Count + sum) = total;
            }
        });
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), parts);
    std::vector<std::array<double, Count>> result(static_cast<std::size_t>(batch.count));
    for (Index part = 0; part < batch.count * chunks; ++part) {
        auto& sums = result[static_cast<std::size_t>(part / chunks)];
        for (int sum = 0; sum < Count; ++sum) {
            sums[static_cast<std::size_t>(sum)] +=
                host(static_cast<std::size_t>(part * Count + sum));
        }
    }
    if (batch.group.size() > 1 && batch.count > 0) {
        batch.group.sum_in_place(result.front().data(), batch.count * Count);
    }
    return result;
}

/// Independent standard normal numbers for every local entry: functions of the generator, the
/// number of the matrix, the entry's place in it and `step` alone.
void fill_normal(const MatrixBatch& batch, const Random& random, std::uint32_t step,
                 const DeviceView<double>& values);

/// Host numbers, one or more per matrix, where kernels can read them.
template <typename T>
[[nodiscard]] DeviceView<T> to_device(const std::vector<T>& values) {
    DeviceView<T> result = allocate<T>("numbers of matrices", static_cast<Index>(values.size()));
    Kokkos::deep_copy(
        result, Kokkos::View<const T*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>(
                    values.data(), values.size()));
    return result;
}

}  // namespace tessera
