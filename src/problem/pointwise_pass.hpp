#pragma once

#include <Kokkos_Core.hpp>
#include <cstdint>

#include "tessera/base/types.hpp"

namespace tessera {
namespace detail {

/// Independent partial sums, so that the compiler may use vector instructions without reordering
/// a sum behind our back.
constexpr int lanes = 8;
/// Positions that one work unit covers: spectra one after the other, or a row of each band's image.
constexpr Index tile = 256;
struct LaneSums {
    double value[lanes] = {};

    [[nodiscard]] KOKKOS_INLINE_FUNCTION double total() const {
        double sum = 0.0;
        for (int lane = 0; lane < lanes; ++lane) {
            sum += value[lane];
        }
        return sum;
    }
};

/// Sums of one work item that are not kept by band.
struct ItemSums {
    LaneSums absolute_error;
    double squared_truth = 0.0;
    double angle = 0.0;
    double pixels = 0.0;
    LaneSums minimum;
    LaneSums maximum;
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
        ItemSums sums;
        for (int lane = 0; lane < lanes; ++lane) {
            sums.minimum.value[lane] = scalars[4];
            sums.maximum.value[lane] = scalars[5];
        }
        const Index count = last_unit - first_unit;
        for (Index unit = first_unit + count * item / items;
             unit < first_unit + count * (item + 1) / items; ++unit) {
            if (right == 1) {
                spectra(unit, by_band, sums);
            } else {
                images(unit, by_band, sums);
            }
        }
        scalars[0] += sums.absolute_error.total();
        scalars[1] += sums.squared_truth;
        scalars[2] += sums.angle;
        scalars[3] += sums.pixels;
        for (int lane = 0; lane < lanes; ++lane) {
            scalars[4] = Kokkos::fmin(scalars[4], sums.minimum.value[lane]);
            scalars[5] = Kokkos::fmax(scalars[5], sums.maximum.value[lane]);
        }
    }

    /// One entry: x and y are set to 0 where it does not count.
    KOKKOS_INLINE_FUNCTION bool read(Index at, double& x, double& y) const {
        x = static_cast<double>(truth[at]);
        y = static_cast<double>(estimate[at]);
        if constexpr (masked) {
            const bool counts = mask[at] == wanted;
            x = counts ? x : 0.0;
            y = counts ? y : 0.0;
            return counts;
        }
        return true;
    }

    KOKKOS_INLINE_FUNCTION void finish(Index pixel, const PixelSums& sums, ItemSums& item) const {
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

    /// Entries of a pixel lie together.
    KOKKOS_INLINE_FUNCTION void spectra(Index unit, const BandSums& by_band, ItemSums& item) const {
        for (Index pixel = first_pixel(unit); pixel < first_pixel(unit + 1); ++pixel) {
            LaneSums xx;
            LaneSums yy;
            LaneSums xy;
            const auto add = [&](Index band, int lane) {
                double x;
                double y;
                const bool counts = read(pixel * bands + band, x, y);
                const double error = y - x;
                by_band.squared_error[band] += error * error;
                by_band.truth[band] += x;
                if constexpr (masked) {
                    by_band.entries[band] += counts ? 1.0 : 0.0;
                }
                item.absolute_error.value[lane] += Kokkos::abs(error);
                xx.value[lane] += x * x;
                yy.value[lane] += y * y;
                xy.value[lane] += x * y;
                double& low = item.minimum.value[lane];
                double& high = item.maximum.value[lane];
                low = counts && x < low ? x : low;
                high = counts && x > high ? x : high;
            };
            Index band = 0;
            for (; band + lanes <= bands; band += lanes) {
                for (int lane = 0; lane < lanes; ++lane) {
                    add(band + lane, lane);
                }
            }
            for (int lane = 0; band < bands; ++band, ++lane) {
                add(band, lane);
            }
            finish(pixel, {xx.total(), yy.total(), xy.total()}, item);
        }
    }

    /// Entries of a band lie together.
    KOKKOS_INLINE_FUNCTION void images(Index unit, const BandSums& by_band, ItemSums& item) const {
        const Index first = first_pixel(unit);
        const auto width =
            static_cast<int>(Kokkos::min(tile, right - (unit % tiles_per_run()) * tile));
        const Index slab = (first / right) * bands * right + first % right;
        double xx[tile] = {};
        double yy[tile] = {};
        double xy[tile] = {};
        for (Index band = 0; band < bands; ++band) {
            const Index start = slab + band * right;
            LaneSums squared;
            LaneSums truths;
            LaneSums entries;
            const auto add = [&](int i, int lane) {
                double x;
                double y;
                const bool counts = read(start + i, x, y);
                const double error = y - x;
                squared.value[lane] += error * error;
                truths.value[lane] += x;
                if constexpr (masked) {
                    entries.value[lane] += counts ? 1.0 : 0.0;
                }
                item.absolute_error.value[lane] += Kokkos::abs(error);
                xx[i] += x * x;
                yy[i] += y * y;
                xy[i] += x * y;
                double& low = item.minimum.value[lane];
                double& high = item.maximum.value[lane];
                low = counts && x < low ? x : low;
                high = counts && x > high ? x : high;
            };
            int i = 0;
            for (; i + lanes <= width; i += lanes) {
                for (int lane = 0; lane < lanes; ++lane) {
                    add(i + lane, lane);
                }
            }
            for (int lane = 0; i < width; ++i, ++lane) {
                add(i, lane);
            }
            by_band.squared_error[band] += squared.total();
            by_band.truth[band] += truths.total();
            by_band.entries[band] += entries.total();
        }
        for (int i = 0; i < width; ++i) {
            finish(first + i, {xx[i], yy[i], xy[i]}, item);
        }
    }
};

}  // namespace detail
}  // namespace tessera
