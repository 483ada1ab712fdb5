#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/method/svd/svd_options.hpp"

namespace tessera {

/// The singular values that are known so far, and what they belong to.
struct Spectrum {
    std::vector<double> values;  ///< descending
    double rows = 0.0;           ///< of the matrix
    double columns = 0.0;
    double squared_norm = 0.0;  ///< of the whole matrix
    bool complete = false;      ///< true when `values` are all of them
};

/// What is kept of a spectrum.
struct KeptSpectrum {
    /// One factor in [0, 1] per kept triplet, from the largest: 1 keeps the singular value as it
    /// is.
    std::vector<double> weights;
    /// A sentence for the log.
    std::string remark;
};

/// Applies the deck's truncation rule. Returns nothing when more singular values are needed to
/// decide. `noise_sigma` is that of white noise on every entry; `hysime_rank` is used with
/// truncation = "hysime". Throws UsageError when the rule needs the whole spectrum to estimate the
/// noise and `spectrum` can never be complete (`partial_solver`).
[[nodiscard]] std::optional<KeptSpectrum> keep_spectrum(const Spectrum& spectrum,
                                                        const SvdOptions& options,
                                                        std::optional<double> noise_sigma,
                                                        std::optional<Index> hysime_rank,
                                                        bool partial_solver);

}  // namespace tessera
