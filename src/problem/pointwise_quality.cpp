#include "pointwise_quality.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pointwise_pass.hpp"

namespace tessera {
namespace detail {

/// Pixels whose sums travel in one message where ranks share a spectrum: 24 MiB.
constexpr Index pixels_per_message = Index{1} << 20;

using ItemPolicy = Kokkos::RangePolicy<Kokkos::DefaultExecutionSpace, Kokkos::IndexType<Index>>;

/// Sums the three products of `pixels` pixels over the ranks that share their bands, and returns
/// angle and number of those that have one.
std::pair<double, double> shared_angles(const DeviceView<double>& sums, Index pixels,
                                        const Communicator& band_ranks) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sums);
    band_ranks.sum_in_place(host.data(), 3 * pixels);
    // Each of these ranks takes a share of the pixels.
    const Range own = block_range(pixels, band_ranks.size(), band_ranks.rank());
    double angle = 0.0;
    double count = 0.0;
    for (Index pixel = own.begin; pixel < own.end; ++pixel) {
        const double* s = host.data() + 3 * pixel;
        add_angle({s[0], s[1], s[2]}, angle, count);
    }
    return {angle, count};
}

/// The sums of all items, item after item: 3 * bands + scalar_count numbers in host memory.
std::vector<double> add_items(const DeviceView<double>& partial, Index items, Index stride) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), partial);
    std::vector<double> sums(static_cast<std::size_t>(stride), 0.0);
    sums[sums.size() - 2] = std::numeric_limits<double>::infinity();
    sums[sums.size() - 1] = -std::numeric_limits<double>::infinity();
    for (Index item = 0; item < items; ++item) {
        const double* own = host.data() + item * stride;
        for (Index i = 0; i + 2 < stride; ++i) {
            sums[static_cast<std::size_t>(i)] += own[i];
        }
        double& low = sums[sums.size() - 2];
        double& high = sums[sums.size() - 1];
        low = std::min(low, own[stride - 2]);
        high = std::max(high, own[stride - 1]);
    }
    return sums;
}

/// Number of work items: as many as can run at once, fewer where their sums would outweigh the
/// data.
Index item_count(Index units, Index bands, Index local_size) {
    const Index affordable = local_size / (8 * (bands + 1));
    const Index concurrency = Kokkos::DefaultExecutionSpace().concurrency();
    return std::max<Index>(1, std::min({units, affordable, std::min<Index>(concurrency, 8192)}));
}

/// This rank's own sums, in the layout of add_items, with the angles of shared pixels.
template <typename T, bool masked>
std::vector<double> local_sums(PointwisePass<T, masked> pass, const Communicator* band_ranks) {
    const Index stride = 3 * pass.bands + scalar_count;
    const Index all_units = pass.units();
    pass.items = item_count(all_units, pass.bands, pass.left * pass.bands * pass.right);
    DeviceView<double> partial = allocate<double>("tessera::quality_partial", pass.items * stride);
    pass.partial = partial.data();
    const Index items = pass.items;
    Kokkos::parallel_for(
        "tessera::quality_start", ItemPolicy(0, items), KOKKOS_LAMBDA(Index item) {
            double* own = partial.data() + item * stride;
            for (Index i = 0; i < stride; ++i) {
                own[i] = 0.0;
            }
            own[stride - 2] = Kokkos::Experimental::infinity_v<double>;
            own[stride - 1] = -Kokkos::Experimental::infinity_v<double>;
        });

    double angle = 0.0;
    double pixels = 0.0;
    const Index units_per_message =
        band_ranks == nullptr ? all_units : std::max<Index>(1, pixels_per_message / tile);
    DeviceView<double> pixel_sums;
    for (pass.first_unit = 0; pass.first_unit < all_units; pass.first_unit = pass.last_unit) {
        pass.last_unit = std::min(all_units, pass.first_unit + units_per_message);
        const Index here = pass.first_pixel(pass.last_unit) - pass.first_pixel(pass.first_unit);
        if (band_ranks != nullptr) {
            if (static_cast<Index>(pixel_sums.size()) != 3 * here) {
                pixel_sums = allocate<double>("tessera::quality_pixels", 3 * here);
            }
            pass.pixel_sums = pixel_sums.data();
        }
        Kokkos::parallel_for("tessera::quality_pointwise", ItemPolicy(0, items), pass);
        Kokkos::fence("tessera::quality_pointwise");
        if (band_ranks != nullptr) {
            const auto [sum, count] = shared_angles(pixel_sums, here, *band_ranks);
            angle += sum;
            pixels += count;
        }
    }
    std::vector<double> sums = add_items(partial, items, stride);
    sums[static_cast<std::size_t>(stride - 4)] += angle;
    sums[static_cast<std::size_t>(stride - 3)] += pixels;
    return sums;
}

}  // namespace detail

template <typename T>
PointwiseSums pointwise_sums(const DenseTensor<T>& truth, const DenseTensor<T>& estimate,
                             const std::optional<Mask>& mask, std::uint8_t wanted, int band_mode) {
    const Extents local = truth.block_shape();
    const int order = truth.order();
    const bool banded = band_mode >= 0;
    detail::PointwisePass<T, false> pass{};
    pass.truth = truth.block().data();
    pass.estimate = estimate.block().data();
    pass.left = banded ? local.product(0, band_mode) : 1;
    pass.bands = banded ? local[band_mode] : 1;
    pass.right = banded ? local.product(band_mode + 1, order) : local.product();
    pass.want_angles = banded;

    std::optional<Communicator> band_ranks;
    const ProcessGrid& grid = truth.partition().grid();
    if (banded && grid.dims()[band_mode] > 1) {
        std::vector<bool> along(static_cast<std::size_t>(order), false);
        along[static_cast<std::size_t>(band_mode)] = true;
        band_ranks = grid.along(along);
    }
    const Communicator* shared = band_ranks ? &*band_ranks : nullptr;

    std::vector<double> own;
    if (mask) {
        own = detail::local_sums(
            detail::PointwisePass<T, true>{pass.truth, pass.estimate, mask->block().data(), wanted,
                                           pass.left, pass.bands, pass.right, pass.want_angles,
                                           nullptr, nullptr, 0, 0, 0},
            shared);
    } else {
        own = detail::local_sums(pass, shared);
    }

    // All sums of all bands in one message.
    const Index bands = banded ? truth.shape()[band_mode] : 1;
    const Index first = banded ? truth.box().begin[band_mode] : 0;
    std::vector<double> sums(static_cast<std::size_t>(3 * bands + 4), 0.0);
    for (Index kind = 0; kind < 3; ++kind) {
        std::copy_n(own.begin() + kind * pass.bands, pass.bands,
                    sums.begin() + kind * bands + first);
    }
    const auto scalars = own.end() - detail::scalar_count;
    std::copy_n(scalars, 4, sums.end() - 4);
    truth.communicator().sum_in_place(sums.data(), static_cast<Index>(sums.size()));

    PointwiseSums result;
    result.band_squared_error.assign(sums.begin(), sums.begin() + bands);
    result.band_truth.assign(sums.begin() + bands, sums.begin() + 2 * bands);
    if (mask) {
        result.band_entries.assign(sums.begin() + 2 * bands, sums.begin() + 3 * bands);
    } else {
        const Index each = bands > 0 ? truth.size() / bands : 0;
        result.band_entries.assign(static_cast<std::size_t>(bands), static_cast<double>(each));
    }
    const auto totals = sums.end() - 4;
    result.absolute_error = totals[0];
    result.squared_truth = totals[1];
    result.angle = totals[2];
    result.pixels = totals[3];
    double extrema[2] = {scalars[4], -scalars[5]};
    truth.communicator().min_in_place(extrema, 2);
    result.minimum = extrema[0];
    result.maximum = -extrema[1];
    return result;
}

template PointwiseSums pointwise_sums(const DenseTensor<float>&, const DenseTensor<float>&,
                                      const std::optional<Mask>&, std::uint8_t, int);
template PointwiseSums pointwise_sums(const DenseTensor<double>&, const DenseTensor<double>&,
                                      const std::optional<Mask>&, std::uint8_t, int);

}  // namespace tessera
