#pragma once

#include <Kokkos_Core.hpp>

#include "tessera/base/types.hpp"
#include "vector_tile.hpp"

#if defined(__AVX512F__) || defined(__AVX__)
#include <immintrin.h>
#endif

/// Many small matrices at once, interleaved: on a CPU each lane of a vector register works on a
/// matrix of its own, on a GPU each thread does. The algorithms are written once, on `Pack`.
namespace tessera::lanes {

#if defined(KOKKOS_ENABLE_CUDA) || defined(KOKKOS_ENABLE_HIP) || defined(KOKKOS_ENABLE_SYCL)
template <typename T>
using Pack = T;
template <typename T>
inline constexpr int width = 1;     ///< matrices per pack
inline constexpr int threads = 32;  ///< neighbouring threads read neighbouring entries

KOKKOS_INLINE_FUNCTION bool any(bool mask) { return mask; }
template <typename T>
KOKKOS_INLINE_FUNCTION T square_root(T value) {
    return Kokkos::sqrt(value);
}
template <typename T>
KOKKOS_INLINE_FUNCTION T& lane_of(T& pack, int /*lane*/) {
    return pack;
}
#else
template <typename T>
using Pack = typename tile::VectorOf<T, tile::vector_bytes>::Type;
template <typename T>
inline constexpr int width = tile::full<T>;
inline constexpr int threads = 1;

template <typename Mask>
bool any(const Mask& mask) {
    constexpr int lanes = static_cast<int>(sizeof(Mask) / sizeof(mask[0]));
    auto result = mask[0];
    for (int lane = 1; lane < lanes; ++lane) {
        result |= mask[lane];
    }
    return result != 0;
}

// Written out, because a loop over std::sqrt must keep errno and stays scalar. (The forms with a
// mask, because g++ 12 takes the plain ones for uses of something uninitialised.)
template <typename T>
Pack<T> square_root(const Pack<T>& value) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 8) {
        return reinterpret_cast<Pack<T>>(
            _mm512_maskz_sqrt_pd(0xFF, reinterpret_cast<__m512d>(value)));
    } else {
        return reinterpret_cast<Pack<T>>(
            _mm512_maskz_sqrt_ps(0xFFFF, reinterpret_cast<__m512>(value)));
    }
#elif defined(__AVX__)
    if constexpr (sizeof(T) == 8) {
        return reinterpret_cast<Pack<T>>(_mm256_sqrt_pd(reinterpret_cast<__m256d>(value)));
    } else {
        return reinterpret_cast<Pack<T>>(_mm256_sqrt_ps(reinterpret_cast<__m256>(value)));
    }
#else
    Pack<T> result = value;
    for (int lane = 0; lane < width<T>; ++lane) {
        result[lane] = Kokkos::sqrt(value[lane]);
    }
    return result;
#endif
}

/// A lane of a pack in memory.
template <typename T>
T& lane_of(Pack<T>& pack, int lane) {
    return reinterpret_cast<T*>(&pack)[lane];
}
#endif

/// Matrices that one team works on.
template <typename T>
inline constexpr int group = width<T>* threads;

template <typename T>
KOKKOS_INLINE_FUNCTION Pack<T> splat(T value) {
    return Pack<T>{} + value;
}
template <typename Value>
KOKKOS_INLINE_FUNCTION Value magnitude(const Value& value) {
    return value < Value{} ? -value : value;
}
template <typename Value>
KOKKOS_INLINE_FUNCTION Value larger(const Value& a, const Value& b) {
    return a > b ? a : b;
}

/// An array of packs in a team's scratch memory, this thread's part of it.
template <typename T>
struct Packs {
    Pack<T>* data = nullptr;

    KOKKOS_INLINE_FUNCTION Pack<T>& operator[](Index entry) const { return data[entry * threads]; }
    KOKKOS_INLINE_FUNCTION Packs operator+(Index entries) const {
        return {data + entries * threads};
    }
};

/// Sum over i < count of a[i] * b[i].
template <typename T>
KOKKOS_INLINE_FUNCTION Pack<T> dot(const Packs<T>& a, const Packs<T>& b, Index count) {
    Pack<T> sums[4] = {};
    Index i = 0;
    for (; i + 4 <= count; i += 4) {
        for (int part = 0; part < 4; ++part) {
            sums[part] += a[i + part] * b[i + part];
        }
    }
    for (; i < count; ++i) {
        sums[0] += a[i] * b[i];
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// y += factor * x.
template <typename T>
KOKKOS_INLINE_FUNCTION void add_multiple(const Pack<T>& factor, const Packs<T>& x,
                                         const Packs<T>& y, Index count) {
    for (Index i = 0; i < count; ++i) {
        y[i] += factor * x[i];
    }
}

}  // namespace tessera::lanes
