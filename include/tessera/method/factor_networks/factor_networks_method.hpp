#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/method/factor_networks/backtracking_guard.hpp"
#include "tessera/method/factor_networks/ended_fits.hpp"
#include "tessera/method/factor_networks/factor_model.hpp"
#include "tessera/method/factor_networks/fit_frame.hpp"
#include "tessera/method/factor_networks/fit_observation.hpp"
#include "tessera/method/factor_networks/moving_variance.hpp"
#include "tessera/method/factor_networks/outlier_terms.hpp"
#include "tessera/method/factor_networks/stopping_rule.hpp"
#include "tessera/method/method.hpp"

namespace tessera {

/// Deep low-rank decomposition (Saragadam, Balestriero, Veeraraghavan and Baraniuk 2022,
/// DeepTensor): the factors of a low-rank model are the outputs of untrained networks, which are
/// fitted to the observation with Adam until the validation loss has had its minimum. A step is one
/// pass over the observation and one step of Adam. The factors of the best step are the answer.
template <typename T>
class FactorNetworksMethod final : public Method<T> {
  public:
    /// Collective. Throws UsageError, MemoryError.
    FactorNetworksMethod(const Problem<T>& problem, const FactorNetworksOptions& options,
                         std::uint64_t seed);
    /// Of a list of entries; the others are missing, and no whole estimate is formed.
    FactorNetworksMethod(const SparseProblem<T>& problem, const FactorNetworksOptions& options,
                         std::uint64_t seed);

    void step() override;
    [[nodiscard]] bool finished() const override { return finished_; }
    [[nodiscard]] Index steps_done() const override { return steps_done_; }
    [[nodiscard]] Index steps_expected() const override {
        return options_.steps * (options_.restarts + (options_.refit ? 1 : 0));
    }
    [[nodiscard]] std::vector<NamedValue> report() const override;
    [[nodiscard]] std::vector<std::string> take_remarks() override;
    void serialise(Archive& archive) override;
    /// Before the end, of the step that was done last; then of the best one.
    [[nodiscard]] DenseTensor<T> estimate() const override;
    [[nodiscard]] std::vector<double> predict(const SparseTensor<T>& at) const override;
    [[nodiscard]] std::vector<Factor> factors() const override;

  private:
    using Judge = typename FitObservation<T>::Judge;
    using Observe = std::function<FitObservation<T>(Judge, double share)>;
    using Rows = typename FactorModel<T>::Rows;
    using Validation = FactorNetworksOptions::Validation;

    FactorNetworksMethod(FitFrame frame, const Observe& observe,
                         const FactorNetworksOptions& options, std::uint64_t seed);
    /// The observation, once all that needs none has been checked.
    [[nodiscard]] FitObservation<T> checked(const Observe& observe) const;
    void begin_fit();
    void end_fit();
    /// "fit 1 of 1: stopped after ..".
    [[nodiscard]] std::string describe_fit() const;
    [[nodiscard]] bool refitting() const { return fit_ == options_.restarts; }
    [[nodiscard]] std::uint64_t fit_seed() const;
    [[nodiscard]] StoppingOptions stopping_options() const;
    /// Whether a figure of its own judges the steps, rather than the objective.
    [[nodiscard]] bool judged() const {
        return !refitting() &&
               (observation_.validation_count() > 0.0 || moving_variance_.has_value());
    }
    void choose_route();
    /// The model of this step and what it costs; in `objective_` and the figure that judges it.
    void evaluate(Index step);
    void go_back(Index step);
    [[nodiscard]] Rows answer() const;
    /// The last thing to be done: what the answer is made of.
    void analyse_answer();

    FitFrame frame_;
    FactorNetworksOptions options_;
    std::uint64_t seed_;
    FactorLayout layout_;
    Validation validation_;
    FitObservation<T> observation_;
    EntryLoss loss_;
    LearningRateSchedule schedule_;
    std::vector<std::string> remarks_;

    // The state: what `serialise` lists.
    Index steps_done_ = 0;
    Index fit_ = 0;  ///< the restart, or the refit behind them
    bool finished_ = false;
    double objective_ = 0.0;
    double change_ = 0.0;
    double figure_ = 0.0;  ///< that judges the step: validation loss, moving variance, objective
    StoppingRule stopping_;
    BacktrackingGuard guard_;
    std::optional<MovingVariance> moving_variance_;
    std::optional<OutlierTerms<T>> outliers_;
    std::unique_ptr<FactorModel<T>> model_;
    Rows averaged_;  ///< running mean of this fit, where one is wanted
    Rows best_;      ///< of this fit
    Rows answer_;    ///< of the fits that have ended
    EndedFits ended_;
    std::optional<ModelSpectrum> spectrum_;  ///< of the answer, at the end
};

}  // namespace tessera
