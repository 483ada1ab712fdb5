#include "tessera/problem/quality.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "pointwise_quality.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"

namespace tessera {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

double total(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

double psnr_of(double mse, double range) {
    return mse > 0.0 ? 10.0 * std::log10(range * range / mse) : infinity;
}

/// Figures that are means over bands. A band without a counted entry is left out of all of them.
void add_band_figures(const PointwiseSums& sums, Quality& quality) {
    double psnr = 0.0;
    Index finite = 0;
    double ergas = 0.0;
    double legacy = 0.0;
    Index weighed = 0;
    for (std::size_t band = 0; band < sums.band_entries.size(); ++band) {
        const double entries = sums.band_entries[band];
        if (entries == 0.0) {
            quality.band_psnr.push_back(nan);
            continue;
        }
        const double mse = sums.band_squared_error[band] / entries;
        quality.band_psnr.push_back(psnr_of(mse, quality.range));
        if (mse == 0.0) {
            ++quality.exact_bands;
        } else {
            psnr += quality.band_psnr.back();
            ++finite;
        }
        const double mean = sums.band_truth[band] / entries;
        if (mean != 0.0) {
            ergas += mse / (mean * mean);
            legacy += mse / mean;
            ++weighed;
        }
    }
    quality.mean_psnr = finite > 0 ? psnr / static_cast<double>(finite) : infinity;
    const auto bands = static_cast<double>(weighed);
    quality.ergas = weighed > 0 ? 100.0 * std::sqrt(ergas / bands) : nan;
    // On values stretched to 0..255 a mean squared error per mean grows by 255 / range.
    quality.ergas_legacy =
        weighed > 0 ? 100.0 * std::sqrt(255.0 / quality.range * legacy / bands) : nan;
}

}  // namespace

template <typename T>
Quality evaluate_quality(const DenseTensor<T>& truth, const DenseTensor<T>& estimate,
                         const std::optional<Mask>& mask, const AxisRoles& roles,
                         const QualityOptions& options) {
    if (!(truth.partition() == estimate.partition())) {
        throw UsageError("quality: the truth is " + truth.shape().to_string() +
                         " but the estimate is " + estimate.shape().to_string() +
                         ": expected the same shape and process grid");
    }
    const bool part = options.entries != QualityEntries::all && mask.has_value();
    const bool none = options.entries == QualityEntries::missing && !mask.has_value();
    PointwiseSums sums;
    if (!none) {
        const Phase phase("quality/pointwise");
        const std::uint8_t wanted = options.entries == QualityEntries::missing ? 0 : 1;
        sums = pointwise_sums(truth, estimate, part ? mask : std::nullopt, wanted, roles.bands);
    }
    const double entries = total(sums.band_entries);
    if (!(entries > 0.0)) {
        throw UsageError(std::string("quality: no entry is ") +
                         (options.entries == QualityEntries::missing ? "missing" : "observed") +
                         ": nothing to compare");
    }

    Quality quality;
    quality.entries = static_cast<Index>(entries);
    quality.range = options.range > 0.0 ? options.range : sums.maximum - sums.minimum;
    const double squared_error = total(sums.band_squared_error);
    quality.mse = squared_error / entries;
    quality.rmse = std::sqrt(quality.mse);
    quality.mae = sums.absolute_error / entries;
    quality.psnr = psnr_of(quality.mse, quality.range);
    quality.relative_error =
        sums.squared_truth > 0.0 ? std::sqrt(squared_error / sums.squared_truth) : nan;
    quality.sam_degrees =
        sums.pixels > 0.0 ? sums.angle / sums.pixels * 180.0 / std::numbers::pi : nan;
    add_band_figures(sums, quality);
    quality.ssim = nan;
    if (options.want_ssim && !part && quality.range > 0.0) {
        const Phase phase("quality/ssim");
        quality.ssim =
            structural_similarity(truth, estimate, roles.rows, roles.cols, quality.range);
    }
    return quality;
}

std::vector<std::pair<std::string, double>> Quality::named_values() const {
    std::vector<std::pair<std::string, double>> all = {
        {"mse", mse},
        {"rmse", rmse},
        {"mae", mae},
        {"psnr", psnr},
        {"mean_psnr", mean_psnr},
        {"exact_bands", static_cast<double>(exact_bands)},
        {"ssim", ssim},
        {"sam_degrees", sam_degrees},
        {"ergas", ergas},
        {"ergas_legacy", ergas_legacy},
        {"relative_error", relative_error},
        {"range", range},
        {"entries", static_cast<double>(entries)},
    };
    std::erase_if(all, [](const auto& named) { return std::isnan(named.second); });
    return all;
}

template Quality evaluate_quality(const DenseTensor<float>&, const DenseTensor<float>&,
                                  const std::optional<Mask>&, const AxisRoles&,
                                  const QualityOptions&);
template Quality evaluate_quality(const DenseTensor<double>&, const DenseTensor<double>&,
                                  const std::optional<Mask>&, const AxisRoles&,
                                  const QualityOptions&);

}  // namespace tessera
