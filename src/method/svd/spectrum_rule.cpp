#include "tessera/method/svd/spectrum_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tessera/base/error.hpp"
#include "tessera/problem/noise_estimate.hpp"

namespace tessera {
namespace {

using Truncation = SvdOptions::Truncation;

KeptSpectrum keep_first(std::size_t count, std::string remark) {
    return {std::vector<double>(count, 1.0), std::move(remark)};
}

std::string share_text(const Spectrum& spectrum, std::size_t count) {
    double kept = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        kept += spectrum.values[i] * spectrum.values[i];
    }
    return fmt::format("{} triplets hold {:.6g} % of the squared norm", count,
                       spectrum.squared_norm > 0.0 ? 100.0 * kept / spectrum.squared_norm : 100.0);
}

// Fewest leading values that leave no more than `allowed` of the squared norm.
std::optional<std::size_t> count_for_energy(const Spectrum& spectrum, double allowed) {
    double rest = spectrum.squared_norm;
    for (std::size_t count = 0; count < spectrum.values.size(); ++count) {
        if (rest <= allowed) {
            return count;
        }
        rest -= spectrum.values[count] * spectrum.values[count];
    }
    if (rest <= allowed || spectrum.complete) {
        return spectrum.values.size();
    }
    return std::nullopt;
}

struct NoiseLevel {
    double sigma;
    std::string source;
};

std::optional<NoiseLevel> noise_level(const Spectrum& spectrum, std::optional<double> known,
                                      bool partial_solver) {
    if (known) {
        return NoiseLevel{*known, "known"};
    }
    if (partial_solver) {
        throw UsageError(
            "estimating the noise needs all singular values: give method.noise_sigma, or use "
            "method.solver = \"tsqr\"");
    }
    if (!spectrum.complete) {
        return std::nullopt;
    }
    return NoiseLevel{estimate_sigma(spectrum.values, static_cast<Index>(spectrum.rows),
                                     static_cast<Index>(spectrum.columns)),
                      "estimated from the median singular value"};
}

std::optional<KeptSpectrum> keep_by_noise(const Spectrum& spectrum, const SvdOptions& options,
                                          std::optional<double> known, bool partial_solver) {
    const std::optional<NoiseLevel> noise = noise_level(spectrum, known, partial_solver);
    if (!noise) {
        return std::nullopt;
    }
    const auto rows = static_cast<Index>(spectrum.rows);
    const auto columns = static_cast<Index>(spectrum.columns);
    const std::string level = fmt::format("noise sigma {:.6g} ({})", noise->sigma, noise->source);
    KeptSpectrum kept;
    if (options.truncation == Truncation::shrinkage) {
        const std::vector<double> shrunk =
            noise->sigma > 0.0
                ? shrink_singular_values(spectrum.values, rows, columns, noise->sigma)
                : spectrum.values;
        for (std::size_t i = 0; i < shrunk.size() && shrunk[i] > 0.0; ++i) {
            kept.weights.push_back(shrunk[i] / spectrum.values[i]);
        }
        kept.remark =
            fmt::format("optimal shrinkage keeps {} triplets, {}", kept.weights.size(), level);
    } else {
        const double beta =
            std::min(spectrum.rows, spectrum.columns) / std::max(spectrum.rows, spectrum.columns);
        const double threshold = optimal_hard_threshold(beta) *
                                 std::sqrt(std::max(spectrum.rows, spectrum.columns)) *
                                 noise->sigma;
        const auto count = std::count_if(spectrum.values.begin(), spectrum.values.end(),
                                         [&](double value) { return value > threshold; });
        kept = keep_first(static_cast<std::size_t>(count),
                          fmt::format("optimal hard threshold {:.6g} keeps {} triplets, {}",
                                      threshold, count, level));
    }
    // All known values were kept, so smaller ones that are not known yet might be kept as well.
    if (!spectrum.complete && kept.weights.size() == spectrum.values.size()) {
        return std::nullopt;
    }
    return kept;
}

std::optional<KeptSpectrum> keep_count(const Spectrum& spectrum, Index wanted,
                                       const std::string& rule) {
    const auto count = static_cast<std::size_t>(wanted);
    if (count > spectrum.values.size() && !spectrum.complete) {
        return std::nullopt;
    }
    const std::size_t kept = std::min(count, spectrum.values.size());
    return keep_first(kept, rule + ": " + share_text(spectrum, kept));
}

}  // namespace

std::optional<KeptSpectrum> keep_spectrum(const Spectrum& spectrum, const SvdOptions& options,
                                          std::optional<double> noise_sigma,
                                          std::optional<Index> hysime_rank, bool partial_solver) {
    switch (options.truncation) {
        case Truncation::rank:
            return keep_count(spectrum, options.rank, "rank as given");
        case Truncation::hysime:
            TESSERA_ASSERT(hysime_rank.has_value(), "the HySime rank must be known by now");
            return keep_count(
                spectrum, *hysime_rank,
                fmt::format("HySime finds a signal subspace of size {}", *hysime_rank));
        case Truncation::energy:
        case Truncation::error: {
            const double allowed = options.truncation == Truncation::energy
                                       ? 1.0 - options.energy
                                       : options.error * options.error;
            const auto count = count_for_energy(spectrum, allowed * spectrum.squared_norm);
            if (!count) {
                return std::nullopt;
            }
            return keep_first(*count, share_text(spectrum, *count));
        }
        case Truncation::shrinkage:
        case Truncation::threshold:
            return keep_by_noise(spectrum, options, noise_sigma, partial_solver);
    }
    return std::nullopt;
}

}  // namespace tessera
