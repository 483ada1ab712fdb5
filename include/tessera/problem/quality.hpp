#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tessera/problem/axis_roles.hpp"
#include "tessera/problem/problem.hpp"

namespace tessera {

/// Which entries a quality figure counts.
enum class QualityEntries { all, observed, missing };

struct QualityOptions {
    /// The L of PSNR, SSIM and the legacy ERGAS; 0: the truth's maximum minus its minimum over the
    /// counted entries.
    double range = 0.0;
    QualityEntries entries = QualityEntries::all;
    bool want_ssim = true;  ///< the one figure that is not pointwise, hence slower
};

/// How near an estimate is to the truth. x is the truth, e the error, b a band. A figure that has
/// no meaning for the tensor at hand (SSIM of an image smaller than its window or of a part of the
/// entries, SAM without bands) is NaN.
struct Quality {
    double mse = 0.0;             ///< mean(e^2)
    double rmse = 0.0;            ///< sqrt(mse)
    double mae = 0.0;             ///< mean(|e|)
    double psnr = 0.0;            ///< dB, 10 log10(range^2 / mse); infinite without error
    double mean_psnr = 0.0;       ///< dB, mean of the bands' PSNR, without the exact bands
    Index exact_bands = 0;        ///< bands without any error (infinite PSNR)
    double ssim = 0.0;            ///< Wang et al. 2004, mean over bands, see structural_similarity
    double sam_degrees = 0.0;     ///< mean angle between the spectra of a pixel
    double ergas = 0.0;           ///< 100 sqrt(mean_b(mse_b / mean_b(x)^2)), Wald 2002 with h/l = 1
    double ergas_legacy = 0.0;    ///< 100 sqrt(mean_b(mse_b / mean_b(x))), values as 0..255
    double relative_error = 0.0;  ///< ||e|| / ||x||
    double range = 0.0;           ///< the L that was used
    Index entries = 0;            ///< entries counted
    std::vector<double> band_psnr;  ///< dB, one per band (one in all without bands)

    /// Names and values in order, for JSON and tables, without the figures that are NaN.
    [[nodiscard]] std::vector<std::pair<std::string, double>> named_values() const;
};

/// All pointwise figures from one pass over truth and estimate (same partition), and SSIM from a
/// second with halos. The spectral figures run over the bands of `roles` (AxisRoles). Pixels with
/// a zero spectrum do not count for SAM, bands of mean zero not for ERGAS. Collective; throws
/// UsageError when no entry is counted or the partitions differ.
template <typename T>
[[nodiscard]] Quality evaluate_quality(const DenseTensor<T>& truth, const DenseTensor<T>& estimate,
                                       const std::optional<Mask>& mask, const AxisRoles& roles,
                                       const QualityOptions& options);

/// Mean structural similarity of all images (slices of the modes `rows` and `cols`) of two tensors:
/// Gaussian window 11 x 11 of sigma 1.5, population moments, K1 = 0.01, K2 = 0.03, over the
/// positions where the whole window lies in the image (Wang, Bovik, Sheikh and Simoncelli, 2004,
/// as in their ssim_index.m without downsampling). NaN when an image is smaller than the window.
/// Collective.
template <typename T>
[[nodiscard]] double structural_similarity(const DenseTensor<T>& truth,
                                           const DenseTensor<T>& estimate, int rows, int cols,
                                           double range);

}  // namespace tessera
