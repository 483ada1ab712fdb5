#pragma once

#include <Kokkos_Core.hpp>
#include <cstdint>

#include "tessera/base/types.hpp"

namespace tessera {
namespace detail {

/// Independent partial sums, so that the compiler may use vector instructions without reordering
/// a sum behind our back.
constexpr int lane_count = 8;
/// Pixels that one work unit covers. Where a band's entries lie together, the pixels' sums should
/// stay in the nearest cache while a piece of every band goes by, and the piece should be as long
/// as that allows; a GPU has no such cache for every thread.
constexpr bool on_host =
    Kokkos::SpaceAccessibility<Kokkos::HostSpace,
                               Kokkos::DefaultExecutionSpace::memory_space>::accessible;
constexpr Index tile = on_host ? 1024 : 32;
/// Bands that share one update of the pixels' sums.
constexpr int band_group = 4;

struct LaneSums {
    double value[lane_count] = {};

    [[nodiscard]] KOKKOS_INLINE_FUNCTION double total() const {
        return ((value[0] + value[1]) + (value[2] + value[3])) +
               ((value[4] + value[5]) + (value[6] + value[7]));
    }
};

/// Smallest and largest value by lane.
template <typename T>
struct LaneExtrema {
    T low[lane_count];
    T high[lane_count];

    KOKKOS_INLINE_FUNCTION void take(int lane, bool counts, T x) {
        low[lane] = counts && x < low[lane] ? x : low[lane];
        high[lane] = counts && x > high[lane] ? x : high[lane];
    }
};

/// Sums of one work item that are not kept by band.
template <typename T>
struct ItemSums {
    LaneSums absolute_error;
    double squared_truth = 0.0;
    double angle = 0.0;
    double pixels = 0.0;
    LaneExtrema<T> extrema;
};

/// A work item's sums by band.
struct BandSums {
    double* KOKKOS_RESTRICT squared_error;
    double* KOKKOS_RESTRICT truth;
    double* KOKKOS_RESTRICT entries;
};

/// Inner products over the bands of one pixel.
struct PixelSums {
    double truth_truth = 0.0;
    double estimate_estimate = 0.0;
    double truth_estimate = 0.0;
};

/// What the items leave behind: first those of BandSums, band by band, then of ItemSums.
constexpr Index scalar_count = 6;

KOKKOS_INLINE_FUNCTION void add_angle(const PixelSums& pixel, double& angle, double& pixels) {
    const double norms = Kokkos::sqrt(pixel.truth_truth * pixel.estimate_estimate);
    if (norms > 0.0) {
        const double cosine = pixel.truth_estimate / norms;
        angle += Kokkos::acos(Kokkos::fmin(Kokkos::fmax(cosine, -1.0), 1.0));
        pixels += 1.0;
    }
}

/// The local blocks as left x bands x right (Unfolding), and the kernel over their pixels.
template <typename T, bool masked>
struct PointwisePass {
    const T* truth;
    const T* estimate;
    const std::uint8_t* mask;
    std::uint8_t wanted;
    Index left;
    Index bands;
    Index right;
    bool want_angles;
    double* pixel_sums;  ///< 3 per pixel from `first_unit` on, or null: angles at once
    double* partial;     ///< 3 * bands + scalar_count per item
    Index items;
    Index first_unit;
    Index last_unit;

    /// Work units: tiles of pixels; a tile does not reach over the end of a `right` run.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION Index tiles_per_run() const {
        return right == 1 ? 1 : (right + tile - 1) / tile;
    }
    [[nodiscard]] KOKKOS_INLINE_FUNCTION Index units() const {
        return right == 1 ? (left + tile - 1) / tile : left * tiles_per_run();
    }
    /// First pixel (row of the unfolding) of a unit; of units(): the number of pixels.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION Index first_pixel(Index unit) const {
        const Index run = unit / tiles_per_run();
        const Index pixel =
            right == 1 ? unit * tile : run * right + (unit % tiles_per_run()) * tile;
        return pixel < left * right ? pixel : left * right;
    }

    KOKKOS_INLINE_FUNCTION void operator()(Index item) const {
        double* own = partial + item * (3 * bands + scalar_count);
        const BandSums by_band{own, own + bands, own + 2 * bands};
        double* scalars = own + 3 * bands;
        ItemSums<T> sums;
        for (int lane = 0; lane < lane_count; ++lane) {
            sums.extrema.low[lane] = static_cast<T>(scalars[4]);
            sums.extrema.high[lane] = static_cast<T>(scalars[5]);
        }
        const Index count = last_unit - first_unit;
        for (Index unit = first_unit + count * item / items;
             unit < first_unit + count * (item + 1) / items; ++unit) {
            if (right == 1) {
                spectra(unit, truth, estimate, by_band.squared_error, by_band.truth,
                        by_band.entries, sums);
            } else {
                images(unit, by_band, sums);
            }
        }
        scalars[0] += sums.absolute_error.total();
        scalars[1] += sums.squared_truth;
        scalars[2] += sums.angle;
        scalars[3] += sums.pixels;
        for (int lane = 0; lane < lane_count; ++lane) {
            scalars[4] = Kokkos::fmin(scalars[4], static_cast<double>(sums.extrema.low[lane]));
            scalars[5] = Kokkos::fmax(scalars[5], static_cast<double>(sums.extrema.high[lane]));
        }
    }

    /// Whether an entry counts.
    KOKKOS_FORCEINLINE_FUNCTION bool counts(Index at) const {
        if constexpr (masked) {
            return mask[at] == wanted;
        }
        return true;
    }

    KOKKOS_INLINE_FUNCTION void finish(Index pixel, const PixelSums& sums,
                                       ItemSums<T>& item) const {
        item.squared_truth += sums.truth_truth;
        if (pixel_sums != nullptr) {
            double* target = pixel_sums + 3 * (pixel - first_pixel(first_unit));
            target[0] = sums.truth_truth;
            target[1] = sums.estimate_estimate;
            target[2] = sums.truth_estimate;
        } else if (want_angles) {
            add_angle(sums, item.angle, item.pixels);
        }
    }

    /// Entries of a pixel lie together. Pointers are arguments because compilers take `restrict`
    /// seriously only there; without, the loop is full of stores.
    KOKKOS_INLINE_FUNCTION void spectra(Index unit, const T* KOKKOS_RESTRICT xs,
                                        const T* KOKKOS_RESTRICT ys,
                                        double* KOKKOS_RESTRICT squared,
                                        double* KOKKOS_RESTRICT truths,
                                        double* KOKKOS_RESTRICT entries, ItemSums<T>& item) const {
        LaneSums absolute = item.absolute_error;
        LaneExtrema<T> extrema = item.extrema;
        const Index end = first_pixel(unit + 1);
        for (Index pixel = first_pixel(unit); pixel < end; ++pixel) {
            LaneSums xx;
            LaneSums yy;
            LaneSums xy;
            for_lanes(bands, [&](Index band, int lane) {
                const Index at = pixel * bands + band;
                const bool use = counts(at);
                const auto x = static_cast<double>(use ? xs[at] : T(0));
                const auto y = static_cast<double>(use ? ys[at] : T(0));
                const double error = y - x;
                squared[band] += error * error;
                truths[band] += x;
                if constexpr (masked) {
                    entries[band] += use ? 1.0 : 0.0;
                }
                absolute.value[lane] += Kokkos::abs(error);
                xx.value[lane] += x * x;
                yy.value[lane] += y * y;
                xy.value[lane] += x * y;
                extrema.take(lane, use, xs[at]);
            });
            finish(pixel, {xx.total(), yy.total(), xy.total()}, item);
        }
        item.absolute_error = absolute;
        item.extrema = extrema;
    }

    /// Entries of a band lie together.
    KOKKOS_INLINE_FUNCTION void images(Index unit, const BandSums& by_band,
                                       ItemSums<T>& item) const {
        const Index first = first_pixel(unit);
        const Index rest = right - (unit % tiles_per_run()) * tile;
        const Index width = rest < tile ? rest : tile;
        const Index slab = (first / right) * bands * right + first % right;
        TileSums sums;
        Index band = 0;
        for (; band + band_group <= bands; band += band_group) {
            image_tile<band_group>(truth + slab + band * right, estimate + slab + band * right,
                                   slab + band * right, width, band, by_band, sums.xx, sums.yy,
                                   sums.xy, item);
        }
        for (; band < bands; ++band) {
            image_tile<1>(truth + slab + band * right, estimate + slab + band * right,
                          slab + band * right, width, band, by_band, sums.xx, sums.yy, sums.xy,
                          item);
        }
        for (Index i = 0; i < width; ++i) {
            finish(first + i, {sums.xx[i], sums.yy[i], sums.xy[i]}, item);
        }
    }

    /// Inner products over the bands of the pixels of a tile.
    struct TileSums {
        double xx[tile] = {};
        double yy[tile] = {};
        double xy[tile] = {};
    };

    /// The same pixels of `group` neighbouring bands, the first of which starts at `start`.
    template <int group>
    KOKKOS_INLINE_FUNCTION void image_tile(const T* KOKKOS_RESTRICT xs, const T* KOKKOS_RESTRICT ys,
                                           Index start, Index width, Index first_band,
                                           const BandSums& by_band, double* KOKKOS_RESTRICT xx,
                                           double* KOKKOS_RESTRICT yy, double* KOKKOS_RESTRICT xy,
                                           ItemSums<T>& item) const {
        LaneSums absolute = item.absolute_error;
        LaneExtrema<T> extrema = item.extrema;
        LaneSums squared[group];
        LaneSums truths[group];
        LaneSums entries[group];
        for_lanes(width, [&](Index i, int lane) {
            PixelSums pixel;
            for (int band = 0; band < group; ++band) {
                const Index at = band * right + i;
                const bool use = counts(start + at);
                const auto x = static_cast<double>(use ? xs[at] : T(0));
                const auto y = static_cast<double>(use ? ys[at] : T(0));
                const double error = y - x;
                squared[band].value[lane] += error * error;
                truths[band].value[lane] += x;
                if constexpr (masked) {
                    entries[band].value[lane] += use ? 1.0 : 0.0;
                }
                absolute.value[lane] += Kokkos::abs(error);
                pixel.truth_truth += x * x;
                pixel.estimate_estimate += y * y;
                pixel.truth_estimate += x * y;
                extrema.take(lane, use, xs[at]);
            }
            xx[i] += pixel.truth_truth;
            yy[i] += pixel.estimate_estimate;
            xy[i] += pixel.truth_estimate;
        });
        for (int band = 0; band < group; ++band) {
            by_band.squared_error[first_band + band] += squared[band].total();
            by_band.truth[first_band + band] += truths[band].total();
            by_band.entries[first_band + band] += entries[band].total();
        }
        item.absolute_error = absolute;
        item.extrema = extrema;
    }

    /// Calls add(i, lane) for i below count, `lane_count` consecutive ones in a loop of constant
    /// length. The rest goes to lane 0: a lane that is not a constant would keep the sums out of
    /// registers.
    template <typename Add>
    KOKKOS_FORCEINLINE_FUNCTION static void for_lanes(Index count, const Add& add) {
        Index i = 0;
        for (; i + lane_count <= count; i += lane_count) {
            for (int lane = 0; lane < lane_count; ++lane) {
                add(i + lane, lane);
            }
        }
        for (; i < count; ++i) {
            add(i, 0);
        }
    }
};

}  // namespace detail
}  // namespace tessera
