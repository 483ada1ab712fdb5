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
        // Bounds in T may lie just beyond those of the type: they are compared, never converted.
        constexpr auto least = static_cast<T>(std::numeric_limits<Stored>::lowest());
        constexpr auto most = static_cast<T>(std::numeric_limits<Stored>::max());
        const T whole = Kokkos::nearbyint(value);
        if (whole > least && whole < most) {
            return static_cast<Stored>(whole);
        }
        return whole >= most    ? std::numeric_limits<Stored>::max()
               : whole <= least ? std::numeric_limits<Stored>::lowest()
                                : Stored{0};  // NaN
    }
}

}  // namespace tessera
