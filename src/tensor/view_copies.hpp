#pragma once

#include <Kokkos_Core.hpp>
#include <string>
#include <vector>

#include "tessera/base/memory.hpp"

namespace tessera::detail {

/// A copy of host values in the memory of the execution space. Throws MemoryError.
template <typename V>
[[nodiscard]] DeviceView<V> to_device(const std::string& label, const std::vector<V>& values) {
    const DeviceView<V> view = allocate<V>(label, static_cast<Index>(values.size()));
    Kokkos::deep_copy(view,
                      Kokkos::View<const V*, Kokkos::HostSpace>(values.data(), values.size()));
    return view;
}

/// A copy of a view in host memory.
template <typename V>
[[nodiscard]] std::vector<V> to_host(const DeviceView<V>& view) {
    std::vector<V> values(view.size());
    Kokkos::deep_copy(Kokkos::View<V*, Kokkos::HostSpace>(values.data(), values.size()), view);
    return values;
}

}  // namespace tessera::detail
