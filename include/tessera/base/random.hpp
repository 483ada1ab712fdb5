#pragma once

#include <Random123/philox.h>

#include <Kokkos_Core.hpp>
#include <cstdint>

#include "tessera/base/box_muller.hpp"
#include "tessera/base/types.hpp"

namespace tessera {

/// Counter-based random numbers (Philox 4x32-10 of Random123): a number is a pure function of
/// (seed, stream, index, step, part), so it does not depend on which rank or thread asks for it.
/// Callable in kernels.
///
/// `stream` tells uses apart (a corruption's position in its list, an initial guess, ...); `index`
/// is a global index; `step` counts iterations or retries of the same entry.
class Random {
  public:
    KOKKOS_INLINE_FUNCTION Random(std::uint64_t seed, std::uint32_t stream)
        : seed_(seed), stream_(stream) {}

    /// Four independent 32-bit words.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION r123::Philox4x32::ctr_type words(
        Index index, std::uint32_t step) const {
        const auto wide = static_cast<std::uint64_t>(index);
        const r123::Philox4x32::ctr_type counter = {{static_cast<std::uint32_t>(wide),
                                                     static_cast<std::uint32_t>(wide >> 32U), step,
                                                     stream_}};
        const r123::Philox4x32::key_type key = {
            {static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32U)}};
        return r123::Philox4x32{}(counter, key);
    }

    /// Uniform on the open interval (0, 1), with 52 random bits.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double uniform(Index index, std::uint32_t step = 0) const {
        const auto w = words(index, step);
        return to_unit(w[0], w[1]);
    }

    [[nodiscard]] KOKKOS_INLINE_FUNCTION NormalPair normal_pair(Index index,
                                                                std::uint32_t step = 0) const {
        const auto w = words(index, step);
        return to_normal_pair(w[0], w[1], w[2], w[3]);
    }

    [[nodiscard]] KOKKOS_INLINE_FUNCTION double normal(Index index, std::uint32_t step = 0) const {
        return normal_pair(index, step).first;
    }

    /// Two independent standard normal numbers from four words.
    [[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION static NormalPair to_normal_pair(std::uint32_t w0,
                                                                               std::uint32_t w1,
                                                                               std::uint32_t w2,
                                                                               std::uint32_t w3) {
        return box_muller(to_unit(w0, w1), to_unit(w2, w3));
    }

  private:
    KOKKOS_FORCEINLINE_FUNCTION static double to_unit(std::uint32_t high, std::uint32_t low) {
        // 52 bits, centred in their cell: exact in a double, and neither 0 nor 1 can occur. (With
        // 53 bits the largest one would round to 1.)
        const std::uint64_t bits =
            (static_cast<std::uint64_t>(high) << 20U) | (static_cast<std::uint64_t>(low) >> 12U);
        return (static_cast<double>(bits) + 0.5) * 0x1p-52;
    }

    std::uint64_t seed_;
    std::uint32_t stream_;
};

}  // namespace tessera
