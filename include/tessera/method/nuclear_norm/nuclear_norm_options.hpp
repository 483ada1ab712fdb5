#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/base/option_table.hpp"
#include "tessera/base/types.hpp"
#include "tessera/sampling/scale_updates.hpp"

namespace tessera {

/// The keys of the deck's [method] table for `name = "nuclear_norm"`.
struct NuclearNormOptions {
    enum class Likelihood { automatic, gaussian, poisson };
    enum class Sampler { automatic, harmonic_flow, proximal, moreau_yosida, svd_gibbs };

    std::vector<std::string> columns;  ///< empty: the mode "bands", or the last one
    std::vector<Index> patch;          ///< per mode, 0: the whole mode; empty: the whole tensor
    std::vector<Index> stride;         ///< per mode, 0: as long as the patch; empty: no overlap
    Likelihood likelihood = Likelihood::automatic;
    double rate_smoothing = 0.5;  ///< of the likelihood of counts, counts
    Sampler sampler = Sampler::automatic;
    Index chains = 4;
    Index warm_up = 500;
    Index draws = 1000;
    std::optional<double> penalty;  ///< unset: inferred
    std::vector<double> weights;    ///< of the largest singular values in turn; empty: all 1
    PenaltyPrior penalty_prior;
    std::vector<double> noise_sigma;  ///< empty: from the problem, or inferred
    bool infer_noise = false;
    NoisePrior noise_prior;
    double interval = 0.9;
    Index ranks_per_matrix = 0;
    Index traced_matrices = 64;
    double maximum_r_hat = 1.05;
    double minimum_effective_draws = 100.0;

    void declare(OptionTable& table);
    [[nodiscard]] Index steps() const { return warm_up + draws; }
};

}  // namespace tessera
