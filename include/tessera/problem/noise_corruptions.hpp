#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/problem/corruption.hpp"

/// Corruptions that touch every entry: y is the result, x the value before, n standard normal.
namespace tessera {

/// y = x + sigma n. `sigma` is one number, one per band, or a range [lowest, highest] from which
/// each band draws its own (resolve_band_levels); `snr_db` sets one sigma from the mean square of
/// the observed values: sigma^2 = mean(x^2) / 10^(snr_db / 10).
struct GaussianCorruption final : Corruption {
    std::optional<std::vector<double>> sigma;
    std::optional<double> snr_db;

    [[nodiscard]] std::string kind() const override { return "gaussian"; }
    void declare(OptionTable& table) override;
    void check(const Extents& shape, const std::vector<std::string>& axes) const override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

/// y = (Poisson(peak x) + readout n) / peak; with `is_signed`, -Poisson(-peak x) for negative x,
/// which is an error otherwise.
struct PoissonCorruption final : Corruption {
    double peak = 0.0;     ///< counts at x = 1
    double readout = 0.0;  ///< counts
    bool is_signed = false;

    [[nodiscard]] std::string kind() const override { return "poisson"; }
    void declare(OptionTable& table) override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

/// y = sqrt((x + sigma n1)^2 + (sigma n2)^2).
struct RicianCorruption final : Corruption {
    double sigma = 0.0;

    [[nodiscard]] std::string kind() const override { return "rician"; }
    void declare(OptionTable& table) override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

/// y = x + a n1 + b n2^2.
struct SquaredGaussianCorruption final : Corruption {
    double a = 0.3;
    double b = 0.3;

    [[nodiscard]] std::string kind() const override { return "squared-gaussian"; }
    void declare(OptionTable& table) override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

/// Photon counting behind an absorber: p = scale x is the line integral, with the scale that makes
/// the largest p equal to `max_attenuation` where that is given (else 1);
/// y = -log(max(Poisson(photons exp(-p)) + electronic n, 1) / photons) / scale, in the units of x.
/// How many readings were clamped to one count is remarked.
struct TransmissionPoissonCorruption final : Corruption {
    double photons = 0.0;     ///< counts without absorber
    double electronic = 0.0;  ///< counts
    std::optional<double> max_attenuation;

    [[nodiscard]] std::string kind() const override { return "transmission-poisson"; }
    void declare(OptionTable& table) override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

/// y = min(max(x, low), high): cuts what earlier corruptions left outside.
struct ClipCorruption final : Corruption {
    double low = 0.0;
    double high = 1.0;

    [[nodiscard]] std::string kind() const override { return "clip"; }
    void declare(OptionTable& table) override;
    void apply(CorruptionContext<float>& context) const override;
    void apply(CorruptionContext<double>& context) const override;
};

/// The level (sigma, ratio) of every band from what the deck gives: one number for all, as many
/// numbers as there are bands, or two numbers [lowest, highest] between which every band draws its
/// own uniformly. With two bands a list of two is one number per band. Throws UsageError, naming
/// `key`, for any other length.
[[nodiscard]] std::vector<double> resolve_band_levels(const std::vector<double>& given, Index bands,
                                                      const Random& random, const std::string& key);

}  // namespace tessera
