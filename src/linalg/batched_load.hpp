#pragma once

#include "batched_lanes.hpp"
#include "tessera/base/memory.hpp"

namespace tessera::lanes {

/// Teams for so many matrices.
template <typename T>
Index groups(Index count) {
    return (count + group<T> - 1) / group<T>;
}

/// Many matrices one after the other, column-major, as their columns or (transposed) their rows.
template <typename T>
struct Batch {
    Index count;
    Index rows;  ///< after transposition
    Index columns;
    bool transposed;
    DeviceView<const T> entries;

    /// What the entries were divided by, and whether all of a matrix' entries are finite (0, or a
    /// NaN).
    struct Loaded {
        Pack<T> scale;
        Pack<T> poison;
    };

    /// Reads the matrices from `first` on into packs (columns `stride` packs apart), each divided
    /// by a power of two near its largest entry, so that squares neither overflow nor vanish.
    KOKKOS_INLINE_FUNCTION Loaded load(Index first, const Packs<T>& to, Index stride) const {
        Pack<T> largest{};
        Pack<T> poison{};
        for (Index column = 0; column < columns; ++column) {
            for (Index row = 0; row < rows; ++row) {
                const Pack<T> value =
                    entry(first, transposed ? row * columns + column : column * rows + row);
                largest = larger(largest, magnitude(value));
                poison += value * T{0};
                to[column * stride + row] = value;
            }
        }
        Pack<T> scale = splat<T>(1);
        Pack<T> inverse = splat<T>(1);
        for (int lane = 0; lane < width<T>; ++lane) {
            const T value = lane_of<T>(largest, lane);
            if (value > T{0} && lane_of<T>(poison, lane) == T{0}) {
                // Kept within the range in which both the power and its inverse are normal numbers.
                constexpr int limit = sizeof(T) == 8 ? 1020 : 124;
                auto exponent = static_cast<int>(Kokkos::logb(value));
                exponent = exponent > limit ? limit : exponent < -limit ? -limit : exponent;
                lane_of<T>(scale, lane) = Kokkos::exp2(static_cast<T>(exponent));
                lane_of<T>(inverse, lane) = Kokkos::exp2(static_cast<T>(-exponent));
            }
        }
        for (Index column = 0; column < columns; ++column) {
            for (Index row = 0; row < rows; ++row) {
                to[column * stride + row] *= inverse;
            }
        }
        return {scale, poison};
    }

  private:
    // Entry e of each matrix of a group; zeros beyond the last matrix.
    KOKKOS_INLINE_FUNCTION Pack<T> entry(Index first, Index e) const {
        const Index size = rows * columns;
        Pack<T> pack{};
        for (int lane = 0; lane < width<T>; ++lane) {
            if (first + lane < count) {
                lane_of<T>(pack, lane) = entries((first + lane) * size + e);
            }
        }
        return pack;
    }
};

}  // namespace tessera::lanes
