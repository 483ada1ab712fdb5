#pragma once

#include <Kokkos_Core.hpp>
#include <cstdint>

namespace tessera {

/// Two independent standard normal numbers.
struct NormalPair {
    double first;
    double second;
};

/// Logarithm of a number of (0, 1], to 3e-16 of its value. Plain arithmetic without a branch: loops
/// over it become vector instructions (which calls of the mathematical library prevent), and it has
/// the same bits on every machine but for fused multiplications.
[[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION double logarithm_of_fraction(double x) {
    // x = 2^e m with m in [sqrt(1/2), sqrt(2)), and log m = 2 artanh((m - 1) / (m + 1)).
    constexpr std::uint64_t root_of_half = 0x3fe6a09e667f3bcdU;
    constexpr std::uint64_t exponent_bits = 0xfff0000000000000U;
    constexpr double log_2 = 0.69314718055994530942;
    const auto bits = Kokkos::bit_cast<std::uint64_t>(x);
    const std::uint64_t distance = bits - root_of_half;
    const auto e = static_cast<double>(Kokkos::bit_cast<std::int64_t>(distance) >> 52);
    const auto m = Kokkos::bit_cast<double>(bits - (distance & exponent_bits));
    const double f = (m - 1.0) / (m + 1.0);
    const double z = f * f;
    double series = 1.0 / 23.0;
    for (int odd = 21; odd >= 3; odd -= 2) {
        series = series * z + 1.0 / odd;
    }
    return e * log_2 + (2.0 * f + 2.0 * f * z * series);
}

/// Cosine and sine of `turns` (of [0, 1)) times 2 pi, to 3e-16; as `logarithm_of_fraction`, without
/// a branch.
[[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION NormalPair cosine_and_sine(double turns) {
    // Within an eighth of a turn of the nearest quarter Taylor's series end at x^17.
    constexpr double half_pi = 1.57079632679489661923;
    const double quarters = 4.0 * turns;
    const auto nearest = static_cast<int>(Kokkos::floor(quarters + 0.5));
    const double x = half_pi * (quarters - nearest);
    const double z = x * x;
    double odd = 1.0;
    double even = 1.0;
    for (int power = 17; power >= 3; power -= 2) {
        odd = 1.0 - odd * z * (1.0 / (power * (power - 1)));
        even = 1.0 - even * z * (1.0 / ((power - 1) * (power - 2)));
    }
    const double sine = x * odd;
    const bool swapped = (nearest & 1) != 0;
    const double horizontal = swapped ? sine : even;
    const double vertical = swapped ? even : sine;
    return {((nearest + 1) & 2) != 0 ? -horizontal : horizontal,
            (nearest & 2) != 0 ? -vertical : vertical};
}

/// Box and Muller's (1958) transform of two uniform numbers of (0, 1).
[[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION NormalPair box_muller(double first, double second) {
    const double radius = Kokkos::sqrt(-2.0 * logarithm_of_fraction(first));
    const NormalPair direction = cosine_and_sine(second);
    return {radius * direction.first, radius * direction.second};
}

}  // namespace tessera
