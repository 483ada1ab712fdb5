#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/base/option_table.hpp"
#include "tessera/method/factor_networks/stopping_rule.hpp"
#include "tessera/network/adam.hpp"
#include "tessera/network/generator_options.hpp"
#include "tessera/network/learning_rate_schedule.hpp"
#include "tessera/problem/noise_model.hpp"
#include "tessera/tensor/entry_loss.hpp"

namespace tessera {

/// The keys of the deck's [method] table for `name = "factor_networks"`.
struct FactorNetworksOptions {
    enum class Contraction { automatic, matrix, symmetric, image, cp, tucker, full };
    enum class Validation { automatic, split, held_out, moving_variance, discrepancy, none };

    enum class Basis { network, singular_vectors };

    Contraction contraction = Contraction::automatic;
    Basis basis = Basis::network;  ///< what the shorter one of two factors is
    Index rank = 20;
    std::vector<Index> ranks;  ///< Tucker, one per factor; empty: `rank` or the extent

    GeneratorOptions generator;
    std::vector<std::string> any_sign;  ///< axes whose factors the activation leaves out
    /// Unset: 1/30 for image-like factors and CP, 0 for others and with singular vectors.
    std::optional<double> jitter;

    EntryLoss::Kind loss = EntryLoss::Kind::squares;
    double huber_width = 0.1;
    bool outliers = false;
    double outlier_rate = 0.05;

    std::optional<double> learning_rate;  ///< unset: what suits the network
    ScheduleOptions schedule;
    AdamOptions adam;
    Index steps = 5000;

    Validation validation = Validation::automatic;
    double validation_share = 0.1;
    double smoothing = 0.9;
    Index patience = 300;
    double average = 0.0;
    double backtrack = 4.0;  ///< 0: never
    Index restarts = 1;
    bool refit = false;
    bool prune = false;
    double rank_tolerance = 0.01;

    void declare(OptionTable& table);
    /// With everything set that depends on the form of the model.
    [[nodiscard]] GeneratorOptions generator_for(bool image_like) const;
    [[nodiscard]] ScheduleOptions schedule_for_network() const;
    /// When a fit ends that is judged so; `noise_power` is the noise's expected mean square, 0
    /// where it is not known (UsageError where it is needed).
    [[nodiscard]] StoppingOptions stopping_for(Validation resolved, double noise_power) const;
    /// Throws UsageError for the Poisson loss where the noise is no Poisson noise.
    [[nodiscard]] EntryLoss entry_loss(const NoiseModel& noise) const;
};

/// What `automatic` stands for.
[[nodiscard]] FactorNetworksOptions::Validation resolve_validation(
    FactorNetworksOptions::Validation wanted, bool noise_known);

}  // namespace tessera
