#pragma once

#include <Kokkos_Core.hpp>
#include <string>

#include "tessera/base/types.hpp"

namespace tessera {

/// Memory in which kernels work: of the one execution space (DESIGN.md, rule 4).
using DeviceSpace = Kokkos::DefaultExecutionSpace::memory_space;

template <typename T>
using DeviceView = Kokkos::View<T*, DeviceSpace>;

/// Host memory: what MPI, HDF5, BLAS and LAPACK on the host see. The same memory as DeviceView on a
/// machine without GPU, and then mirrors cost nothing.
template <typename T>
using HostView = Kokkos::View<T*, Kokkos::HostSpace>;

/// Bytes of this process in main memory, now and at its peak (from the operating system).
struct MemoryUse {
    double resident_bytes = 0.0;
    double peak_resident_bytes = 0.0;
};
[[nodiscard]] MemoryUse memory_use();

/// "3.2 GiB".
[[nodiscard]] std::string format_bytes(double bytes);

namespace detail {
/// Throws the MemoryError of a failed allocation.
[[noreturn]] void allocation_failed(const std::string& label, double bytes);
}  // namespace detail

namespace detail {
template <typename View>
View allocate_view(const std::string& label, Index count) {
    try {
        return View(Kokkos::view_alloc(Kokkos::WithoutInitializing, label),
                    static_cast<std::size_t>(count));
    } catch (const std::exception&) {
        allocation_failed(label, static_cast<double>(count) * sizeof(typename View::value_type));
    }
}
}  // namespace detail

/// An uninitialised named view. The first kernel that writes it decides on which memory node its
/// pages lie, so fill it in parallel. Throws MemoryError, naming the array, when there is no room.
template <typename T>
DeviceView<T> allocate(const std::string& label, Index count) {
    return detail::allocate_view<DeviceView<T>>(label, count);
}
/// The same in host memory.
template <typename T>
HostView<T> allocate_host(const std::string& label, Index count) {
    return detail::allocate_view<HostView<T>>(label, count);
}

}  // namespace tessera
