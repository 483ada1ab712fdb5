#include "nonnegative_data.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "tessera/base/error.hpp"

namespace tessera {

template <typename T>
void refuse_negative(const DenseTensor<T>& tensor) {
    const GlobalIndex global = global_index(tensor);
    const DeviceView<T> block = tensor.block();
    Index count = 0;
    Index first = std::numeric_limits<Index>::max();
    Kokkos::parallel_reduce(
        "tessera::find_negative",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>(
            0, tensor.box().size()),
        KOKKOS_LAMBDA(Index i, Index & sum, Index & least) {
            if (block(i) < T{0}) {
                ++sum;
                const Index at = global(i);
                least = at < least ? at : least;
            }
        },
        count, Kokkos::Min<Index>(first));
    count = tensor.communicator().sum(count);
    first = tensor.communicator().min(first);
    if (count > 0) {
        const Extents position = row_major_position(first, tensor.shape());
        throw UsageError(fmt::format(
            "method nmf needs nonnegative data, but {} of {} entries are negative, the first at "
            "[{}]: shift or clip the data, or use method svd or cp",
            count, tensor.size(), fmt::join(position.to_vector(), ", ")));
    }
}

template void refuse_negative<float>(const DenseTensor<float>&);
template void refuse_negative<double>(const DenseTensor<double>&);

}  // namespace tessera
