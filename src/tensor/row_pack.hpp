#pragma once

#include <Kokkos_Core.hpp>

#include "tessera/base/types.hpp"

/// Rows of factors in packs of eight columns: on a CPU a pack is one or two vector registers. Rows
/// that kernels read are padded with zeros to whole packs.
namespace tessera::detail {

inline constexpr Index pack_width = 8;

#if defined(KOKKOS_ENABLE_CUDA) || defined(KOKKOS_ENABLE_HIP) || defined(KOKKOS_ENABLE_SYCL)
struct Pack {
    double lane[pack_width];

    KOKKOS_INLINE_FUNCTION double operator[](int i) const { return lane[i]; }
    KOKKOS_INLINE_FUNCTION Pack& operator+=(const Pack& other) {
        for (int i = 0; i < pack_width; ++i) {
            lane[i] += other.lane[i];
        }
        return *this;
    }
    KOKKOS_INLINE_FUNCTION friend Pack operator*(const Pack& a, const Pack& b) {
        Pack result;
        for (int i = 0; i < pack_width; ++i) {
            result.lane[i] = a.lane[i] * b.lane[i];
        }
        return result;
    }
    KOKKOS_INLINE_FUNCTION friend Pack operator*(double a, const Pack& b) {
        Pack result;
        for (int i = 0; i < pack_width; ++i) {
            result.lane[i] = a * b.lane[i];
        }
        return result;
    }
};
using StoredPack = Pack;
#else
typedef double Pack __attribute__((vector_size(pack_width * sizeof(double))));
typedef double StoredPack
    __attribute__((vector_size(pack_width * sizeof(double)), aligned(alignof(double)), may_alias));
#endif

KOKKOS_INLINE_FUNCTION Pack load_pack(const double* from) {
    return *reinterpret_cast<const StoredPack*>(from);
}
KOKKOS_INLINE_FUNCTION void store_pack(double* to, const Pack& pack) {
    *reinterpret_cast<StoredPack*>(to) = pack;
}

/// Packs of a row of `rank` columns.
[[nodiscard]] inline int packs_of(Index rank) {
    return static_cast<int>((rank + pack_width - 1) / pack_width);
}

}  // namespace tessera::detail
