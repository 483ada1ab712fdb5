#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "tessera/tensor/reductions.hpp"
#include "tile_reduction.hpp"

// Squares are rounded down to multiples of m 2^-84, where m is the smallest power of 4 above the
// largest square of the whole tensor, and added up as integers: in any order, on any ranks, the sum
// has the same bits. Rounding loses less than N m 2^-84 of a sum of at least m / 4, so the relative
// error is below N 2^-82: 2.3e-13 for N = 2^40 entries. The sum stays below N 2^84 and so has room
// in 128 bits for N up to 2^44. (The idea of adding in fixed point is Kulisch's; of the
// pre-rounding variants see Demmel and Nguyen, "Parallel reproducible summation", IEEE Trans.
// Comput. 64, 2015.)

namespace tessera {
namespace {

/// Bits behind the point: two halves of 42, so that a tile of 1024 of either adds up in a double
/// (53 bits) without rounding.
constexpr int half_bits = 42;
constexpr double half = 0x1p42;

/// An unsigned integer of 128 bits.
struct WideInteger {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    KOKKOS_INLINE_FUNCTION WideInteger& operator+=(const WideInteger& other) {
        low += other.low;
        high += other.high + (low < other.low ? 1U : 0U);
        return *this;
    }
};

/// Multiplies by 2^-exponent without rounding; in two steps, because 2^-exponent itself may lie
/// beyond the range of a double.
struct Scaling {
    explicit Scaling(int exponent)
        : first(std::ldexp(1.0, -(exponent / 2))),
          second(std::ldexp(1.0, -(exponent - exponent / 2))) {}
    KOKKOS_INLINE_FUNCTION double operator()(double x) const { return x * first * second; }
    double first;
    double second;
};

/// A maximum under construction.
struct Largest {
    double value = 0.0;

    KOKKOS_INLINE_FUNCTION Largest& operator+=(const Largest& other) {
        value = detail::Larger{}(value, other.value);
        return *this;
    }
};

/// Largest magnitude of the whole tensor; infinity when an entry is not finite.
template <typename T>
double largest_magnitude(const DenseTensor<T>& tensor) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const T* entries = tensor.block().data();
    const auto magnitude = KOKKOS_LAMBDA(const Index i) {
        const double x = static_cast<double>(entries[i]);
        return x - x == 0.0 ? Kokkos::abs(x) : infinity;
    };
    const auto of_tile = KOKKOS_LAMBDA(const Index begin, const Index end) {
        return Largest{detail::fold(begin, end, 0.0, magnitude, detail::Larger{})};
    };
    const auto own =
        detail::reduce_tiles<Largest>("tessera::largest_magnitude", tensor.box().size(), of_tile);
    return tensor.communicator().max(own.value);
}

/// Sum over the whole tensor of floor(2^84 scaling(x)^2), as a floating-point number.
template <typename T>
double sum_of_scaled_squares(const DenseTensor<T>& tensor, const Scaling& scaling) {
    const T* entries = tensor.block().data();
    const auto high_half = KOKKOS_LAMBDA(const Index i) {
        const double x = scaling(static_cast<double>(entries[i]));
        return Kokkos::floor(x * x * half);
    };
    const auto low_half = KOKKOS_LAMBDA(const Index i) {
        const double x = scaling(static_cast<double>(entries[i]));
        const double square = x * x * half;
        return Kokkos::floor((square - Kokkos::floor(square)) * half);
    };
    const auto of_tile = KOKKOS_LAMBDA(const Index begin, const Index end) {
        const auto high =
            static_cast<std::uint64_t>(detail::fold(begin, end, 0.0, high_half, detail::Add{}));
        const auto low =
            static_cast<std::uint64_t>(detail::fold(begin, end, 0.0, low_half, detail::Add{}));
        WideInteger sum{high >> (64 - half_bits), high << half_bits};
        sum += WideInteger{0, low};
        return sum;
    };
    const auto own = detail::reduce_tiles<WideInteger>("tessera::sum_of_scaled_squares",
                                                       tensor.box().size(), of_tile);
    // Words of 32 bits in integers of 64: room for the carries of 2^31 ranks.
    constexpr std::uint64_t word = 0xffffffffU;
    std::array<std::uint64_t, 4> words = {own.low & word, own.low >> 32U, own.high & word,
                                          own.high >> 32U};
    tensor.communicator().sum_in_place(words.data(), static_cast<Index>(words.size()));
    WideInteger total;
    for (std::size_t i = words.size(); i-- > 0;) {
        total.high = (total.high << 32U) | (total.low >> 32U);
        total.low <<= 32U;
        total += WideInteger{0, words[i]};
    }
    return std::ldexp(static_cast<double>(total.high), 64) + static_cast<double>(total.low);
}

}  // namespace

template <typename T>
double reproducible_squared_norm(const DenseTensor<T>& tensor) {
    const double largest = largest_magnitude(tensor);
    if (largest == 0.0) {
        return 0.0;
    }
    if (!std::isfinite(largest)) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    int exponent = 0;
    std::frexp(largest, &exponent);  // largest < 2^exponent <= 2 largest
    const double sum = sum_of_scaled_squares(tensor, Scaling(exponent));
    return std::ldexp(sum, 2 * (exponent - half_bits));
}

template double reproducible_squared_norm(const DenseTensor<float>&);
template double reproducible_squared_norm(const DenseTensor<double>&);
template double reproducible_squared_norm(const DenseTensor<std::uint8_t>&);

}  // namespace tessera
