#include "tessera/tensor/sparse_reductions.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>

#include "moments.hpp"
#include "tile_reduction.hpp"

namespace tessera {
namespace {

/// The ranks that share this rank's slices of a mode.
Communicator sharers(const UnevenPartition& partition, int mode) {
    std::vector<bool> others(static_cast<std::size_t>(partition.order()), true);
    others[static_cast<std::size_t>(mode)] = false;
    return partition.grid().along(others);
}

}  // namespace

template <typename T>
Summary summary(const SparseTensor<T>& tensor) {
    const T* entries = tensor.values().data();
    const auto of_tile = KOKKOS_LAMBDA(const Index begin, const Index end) {
        return detail::moments_of(entries, begin, end);
    };
    const auto own = detail::reduce_tiles<detail::Moments>("tessera::sparse_summary",
                                                           tensor.local_count(), of_tile);
    double extremes[] = {own.maximum, -own.minimum};
    double sums[] = {own.sum, own.sum_of_squares};
    tensor.communicator().max_in_place(extremes, 2);
    tensor.communicator().sum_in_place(sums, 2);
    return {-extremes[1], extremes[0], sums[0], sums[1]};
}

template <typename T>
double squared_norm(const SparseTensor<T>& tensor) {
    return summary(tensor).sum_of_squares;
}

template <typename T>
double norm(const SparseTensor<T>& tensor) {
    return std::sqrt(squared_norm(tensor));
}

template <typename T>
std::vector<Index> slice_entry_counts(const SparseTensor<T>& tensor, int mode) {
    const Index slices = tensor.box().shape()[mode];
    const Kokkos::View<Index*, DeviceSpace> counts("entries of slices",
                                                   static_cast<std::size_t>(slices));
    const SparseCoordinates coordinates = tensor.coordinates();
    Kokkos::parallel_for(
        "tessera::slice_entry_counts", detail::Items(0, tensor.local_count()),
        KOKKOS_LAMBDA(const Index entry) {
            Kokkos::atomic_inc(&counts(static_cast<std::size_t>(coordinates(mode, entry))));
        });
    std::vector<Index> result(static_cast<std::size_t>(slices));
    Kokkos::deep_copy(Kokkos::View<Index*, Kokkos::HostSpace>(result.data(), result.size()),
                      counts);
    sharers(tensor.partition(), mode).sum_in_place(result.data(), slices);
    return result;
}

template <typename T>
Extents empty_slices(const SparseTensor<T>& tensor) {
    Extents result = tensor.shape();
    for (int mode = 0; mode < tensor.order(); ++mode) {
        const std::vector<Index> counts = slice_entry_counts(tensor, mode);
        // Of the ranks that share slices, the one at the origin of the other modes speaks.
        Extents place = tensor.partition().grid().coordinates();
        place[mode] = 0;
        const bool speaks = place == Extents::filled(tensor.order(), 0);
        result[mode] = tensor.communicator().sum(
            speaks ? static_cast<Index>(std::count(counts.begin(), counts.end(), 0)) : 0);
    }
    return result;
}

#define TESSERA_INSTANTIATE(T)                                                   \
    template Summary summary(const SparseTensor<T>&);                            \
    template double squared_norm(const SparseTensor<T>&);                        \
    template double norm(const SparseTensor<T>&);                                \
    template std::vector<Index> slice_entry_counts(const SparseTensor<T>&, int); \
    template Extents empty_slices(const SparseTensor<T>&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
