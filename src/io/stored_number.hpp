#pragma once

#include <Kokkos_Core.hpp>
#include <limits>
#include <type_traits>

namespace tessera {

/// An entry as it is written: integers rounded to nearest, halves to even, 0 for NaN, and held
/// within their range; callable in kernels.
template <typename Stored, typename T>
KOKKOS_INLINE_FUNCTION Stored stored_number(T value) {
    if constexpr (std::is_floating_point_v<Stored>) {
        return static_cast<Stored>(value);
    } else {
        constexpr auto most = static_cast<T>(std::numeric_limits<Stored>::max());
        const T whole = Kokkos::nearbyint(value);
        return whole > T{0} ? static_cast<Stored>(whole < most ? whole : most) : Stored{0};
    }
}

}  // namespace tessera
