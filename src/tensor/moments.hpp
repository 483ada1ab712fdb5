#pragma once

#include <Kokkos_Core.hpp>

#include "tessera/tensor/reductions.hpp"
#include "tile_reduction.hpp"

namespace tessera::detail {

/// A Summary under construction; starts out as that of no entries.
struct Moments {
    double minimum = Kokkos::Experimental::infinity_v<double>;
    double maximum = -Kokkos::Experimental::infinity_v<double>;
    double sum = 0.0;
    double sum_of_squares = 0.0;

    KOKKOS_INLINE_FUNCTION Moments& operator+=(const Moments& other) {
        minimum = Smaller{}(minimum, other.minimum);
        maximum = Larger{}(maximum, other.maximum);
        sum += other.sum;
        sum_of_squares += other.sum_of_squares;
        return *this;
    }
};

/// Moments of consecutive entries. Four passes, because each of them then runs at full vector
/// width; after the first one a tile is in cache.
template <typename T>
KOKKOS_INLINE_FUNCTION Moments moments_of(const T* entries, Index begin, Index end) {
    const auto value = [=](Index i) { return static_cast<double>(entries[i]); };
    const auto square = [=](Index i) {
        const auto x = static_cast<double>(entries[i]);
        return x * x;
    };
    Moments result;
    result.minimum = fold(begin, end, result.minimum, value, Smaller{});
    result.maximum = fold(begin, end, result.maximum, value, Larger{});
    result.sum = fold(begin, end, 0.0, value, Add{});
    result.sum_of_squares = fold(begin, end, 0.0, square, Add{});
    return result;
}

}  // namespace tessera::detail

/// Kokkos asks for the neutral element where a team adds up.
template <>
struct Kokkos::reduction_identity<tessera::detail::Moments> {
    KOKKOS_FORCEINLINE_FUNCTION static tessera::detail::Moments sum() { return {}; }
};
