#include "tessera/io/read_tensor.hpp"

#include <optional>
#include <type_traits>

#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {

namespace {

/// The first touch decides on which memory node pages lie, so kernels do it; a fill by Kokkos is a
/// memset of one thread.
template <typename T>
void touch(const DeviceView<T>& block) {
    Kokkos::parallel_for(
        "tessera::read::first_touch",
        Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace>(0, block.extent(0)),
        KOKKOS_LAMBDA(const std::size_t i) { block(i) = T{}; });
    Kokkos::fence("tessera::read::first_touch");
}

/// Memory that the readers can fill; the block itself where the host sees it.
template <typename T>
HostView<T> host_side(const DeviceView<T>& block) {
    try {
        return Kokkos::create_mirror_view(Kokkos::WithoutInitializing, block);
    } catch (const std::exception&) {
        detail::allocation_failed("tessera::read::staging",
                                  static_cast<double>(block.extent(0)) * sizeof(T));
    }
}

}  // namespace

template <typename T>
DenseTensor<T> read_tensor(const TensorReader& reader, const ReadPlan& plan,
                           const std::string& label, const Partition& partition) {
    TESSERA_ASSERT(partition.shape() == plan.shape, "the partition is not of the plan's shape");
    if (std::is_same_v<T, std::uint8_t> && plan.bin.product() > 1) {
        throw UsageError(reader.info().short_name() +
                         " is a mask, which cannot be averaged: leave out data.bin");
    }
    const Communicator& communicator = partition.communicator();
    std::optional<DenseTensor<T>> tensor;
    HostView<T> values;
    agree(communicator, [&] {
        tensor.emplace(label, partition);
        touch(tensor->block());
        values = host_side<T>(tensor->block());
    });
    reader.read<T>(plan.storage, plan.target_of(partition.box()), values, communicator);
    Kokkos::deep_copy(tensor->block(), values);
    return *tensor;
}

#define TESSERA_INSTANTIATE(T)                                                   \
    template DenseTensor<T> read_tensor<T>(const TensorReader&, const ReadPlan&, \
                                           const std::string&, const Partition&);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
TESSERA_INSTANTIATE(std::uint8_t)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
