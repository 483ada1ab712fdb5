#include "tessera/method/factor_networks/factor_networks_method.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/method/factor_networks/fit_route.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

using Validation = FactorNetworksOptions::Validation;

template <typename T>
typename FitObservation<T>::Judge judge_for(Validation validation, FactorLayout::Form form) {
    using Judge = typename FitObservation<T>::Judge;
    if (validation == Validation::held_out) {
        return form == FactorLayout::Form::symmetric ? Judge::held_out_pairs : Judge::held_out;
    }
    return validation == Validation::split ? Judge::split : Judge::nothing;
}

EntryLoss loss_for(const FactorNetworksOptions& options, const NoiseModel& noise) {
    EntryLoss loss{options.loss, options.huber_width};
    if (loss.kind == EntryLoss::Kind::poisson) {
        if (noise.kind != NoiseModel::Kind::poisson) {
            throw UsageError(
                "method.loss = \"poisson\" needs to know how many counts a value stands for: state "
                "data.noise = \"poisson\" with data.noise_peak");
        }
        loss.peak = noise.peak;
        loss.readout = noise.readout;
    }
    return loss;
}

}  // namespace

template <typename T>
FactorNetworksMethod<T>::FactorNetworksMethod(const Problem<T>& problem,
                                              const FactorNetworksOptions& options,
                                              std::uint64_t seed)
    : problem_(problem),
      options_(options),
      seed_(seed),
      layout_(choose_factor_layout(problem.observation.shape(), problem.axes, options)),
      validation_(
          resolve_validation(options.validation, problem.noise.kind != NoiseModel::Kind::unknown)),
      observation_(problem, judge_for<T>(validation_, layout_.form), 1.0 - options.validation_share,
                   seed),
      loss_(loss_for(options, problem.noise)),
      schedule_(options.schedule_for_network()),
      stopping_(stopping_options()),
      guard_(options.backtrack) {
    if (validation_ == Validation::discrepancy && observation_.noise_power() <= 0.0) {
        throw UsageError(
            "method.validation = \"discrepancy\" needs a known noise level: state data.noise and "
            "its level");
    }
    check_extents(layout_, problem.observation.shape(), problem.axes, options.generator);
    check_grid(layout_, problem.observation.partition().grid().dims(), problem.axes);
    if (layout_.basis && (problem.mask || validation_ == Validation::held_out)) {
        throw UsageError(
            "method.basis = \"svd\" needs data of which no entry is missing or held out: leave "
            "method.basis at \"network\", or, where nothing is missing, state data.noise and its "
            "level or take another method.validation");
    }
    remarks_.push_back(layout_.describe(problem.axes));
    choose_route();
    if (validation_ == Validation::moving_variance) {
        moving_variance_.emplace(problem.observation.partition(), seed);
    }
    if (options.outliers) {
        agree(problem.observation.communicator(), [&] {
            outliers_.emplace(observation_.local_count(), observation_.scale(), loss_,
                              options.outlier_rate);
        });
    }
    begin_fit();
    for (std::string& sentence : model_->describe(problem.axes)) {
        remarks_.push_back(std::move(sentence));
    }
}

template <typename T>
void FactorNetworksMethod<T>::choose_route() {
    const auto entries = static_cast<double>(problem_.observation.shape().product());
    const double share = observation_.observed_count() / entries;
    if (share == 1.0) {
        return;
    }
    const PassCost cost = pass_cost(layout_, problem_.observation.shape(), share);
    if (cost.prefers_list()) {
        observation_.list_entries(problem_);
    }
    remarks_.push_back(fmt::format(
        "{:.0f} of {:.0f} entries are observed: each step goes through {} ({:.3g} operations one "
        "by one, "
        "{:.3g} in products of whole matrices)",
        observation_.observed_count(), entries,
        observation_.listed() ? "these alone" : "all of them", cost.listed, cost.whole));
}

template <typename T>
std::uint64_t FactorNetworksMethod<T>::fit_seed() const {
    // A refit repeats the fit that was best, with all data.
    return seed_ +
           0x9E3779B97F4A7C15U * static_cast<std::uint64_t>(refitting() ? answer_fit_ : fit_);
}

template <typename T>
StoppingOptions FactorNetworksMethod<T>::stopping_options() const {
    StoppingOptions stopping;
    stopping.maximum_steps = options_.steps;
    stopping.patience = options_.patience;
    stopping.smoothing = options_.smoothing;
    if (validation_ == Validation::moving_variance) {
        // The first variances are those of leaving the start.
        constexpr Index first_steps = 100;
        stopping.ignored_steps = first_steps;
        stopping.smoothing = 0.0;
    }
    if (refitting()) {
        stopping.kind = StoppingOptions::Kind::count;
        stopping.maximum_steps = answer_steps_;
    } else if (validation_ == Validation::discrepancy) {
        stopping.kind = StoppingOptions::Kind::target;
        stopping.target = observation_.noise_power();
    } else if (validation_ == Validation::none) {
        stopping.kind = StoppingOptions::Kind::count;
    }
    return stopping;
}

template <typename T>
void FactorNetworksMethod<T>::begin_fit() {
    model_.reset();  // Two models at once would be the peak of the memory.
    std::optional<SingularBasis> basis;
    if (layout_.basis) {
        const Phase phase("factor_networks/singular vectors");
        basis = singular_basis(observation_.tensor(refitting()),
                               layout_.factors[*layout_.basis].first, options_.rank);
    }
    model_ = std::make_unique<FactorModel<T>>(problem_.observation.partition(), layout_, options_,
                                              observation_.scale(), fit_seed());
    if (basis) {
        model_->set_basis(*basis);
    }
    stopping_ = StoppingRule(stopping_options());
    guard_ = BacktrackingGuard(options_.backtrack);
    if (moving_variance_) {
        moving_variance_->restart();
    }
    if (outliers_) {
        outliers_->restart();
    }
    averaged_.clear();
    best_.clear();
}

template <typename T>
void FactorNetworksMethod<T>::evaluate(Index step) {
    {
        const Phase forward("factor_networks/forward");
        model_->forward(step);
    }
    const Phase phase("factor_networks/contraction");
    const FitData<T> data = refitting() ? observation_.all_data() : observation_.data();
    OutlierTerm<T> outliers = outliers_ ? outliers_->term() : OutlierTerm<T>{};
    FitSums own = observation_.listed() ? model_->listed_contraction().run(observation_.offsets(),
                                                                           data, loss_, outliers)
                                        : model_->contraction().run(data, loss_, outliers);
    if (options_.average > 0.0) {
        model_->average_into(averaged_, options_.average);
    }
    if (options_.average > 0.0 && judged() && !moving_variance_) {
        // What is judged has to be what would be the answer.
        outliers.step = 0.0;
        own.validation = observation_.listed()
                             ? model_->listed_contraction(averaged_)
                                   .run(observation_.offsets(), data, loss_, outliers)
                                   .validation
                             : model_->contraction(averaged_).run(data, loss_, outliers).validation;
    }
    std::vector<double> sums = {own.training, own.validation};
    std::vector<T> sample;
    if (moving_variance_) {
        sample = model_->listed_contraction().evaluate(moving_variance_->offsets());
        sums.push_back(moving_variance_->distance(sample));
    }
    problem_.observation.communicator().sum_in_place(sums.data(), static_cast<Index>(sums.size()));
    const double count =
        refitting() ? observation_.observed_count() : observation_.training_count();
    const double objective = sums[0] / count;
    change_ = steps_done_ == 0 ? 0.0 : std::abs(objective - objective_);
    objective_ = objective;
    figure_ = objective;
    if (moving_variance_) {
        figure_ = moving_variance_->update(sample, sums[2]);
    } else if (judged()) {
        figure_ = sums[1] / observation_.validation_count();
    }
}

template <typename T>
void FactorNetworksMethod<T>::go_back(Index step) {
    const double risen = objective_;
    model_->restore();
    averaged_.clear();
    if (moving_variance_) {
        moving_variance_->restart();
    }
    if (outliers_) {
        outliers_->restart();
    }
    evaluate(step);
    guard_.begin_again(objective_);
    remarks_.push_back(fmt::format(
        "step {}: the objective had risen to {:.3g}; the fit goes on from an earlier state, with "
        "{:.3g} times the step size",
        step, risen, guard_.step_scale()));
}

template <typename T>
void FactorNetworksMethod<T>::step() {
    const Phase phase("factor_networks/step");
    const Index step = stopping_.steps();
    evaluate(step);
    const BacktrackingGuard::Advice advice = guard_.judge(objective_);
    if (advice == BacktrackingGuard::Advice::go_back) {
        go_back(step);
    } else if (advice == BacktrackingGuard::Advice::keep) {
        model_->keep();
    }
    if (!std::isfinite(objective_)) {
        throw ConvergenceError(
            fmt::format("method factor_networks: the objective of step {} is not a number: lower "
                        "method.learning_rate{}",
                        step, options_.backtrack > 0.0 ? "" : ", or set method.backtrack"));
    }
    if (stopping_.judge(figure_) && (judged() || stopping_.finished())) {
        best_ = options_.average > 0.0 ? averaged_ : model_->rows();
    }
    ++steps_done_;
    if (stopping_.finished()) {
        end_fit();
        return;
    }
    const Phase backward("factor_networks/backward");
    model_->backward(1.0 /
                     (refitting() ? observation_.observed_count() : observation_.training_count()));
    model_->update(guard_.step_scale() * schedule_.at(step));
    constexpr Index steps_between_checks = 100;
    if (steps_done_ % steps_between_checks == 0 && !model_->in_step()) {
        throw ConvergenceError(
            "method factor_networks: the copies of a network on different ranks have become "
            "different, so some processor or memory computes wrongly: run on other machines");
    }
}

template <typename T>
void FactorNetworksMethod<T>::end_fit() {
    const double score = stopping_.best();
    remarks_.push_back(fmt::format(
        "{} {} of {}: {} after {} steps; step {} is the best, with {} {:.6g}",
        refitting() ? "refit" : "fit", std::min(fit_ + 1, options_.restarts), options_.restarts,
        stopping_.met() ? "stopped" : "not stopped", stopping_.steps(), stopping_.best_step(),
        !judged()          ? "objective"
        : moving_variance_ ? "moving variance"
                           : "validation loss",
        score));
    if (refitting()) {
        answer_ = std::move(best_);
        finished_ = true;
        analyse_answer();
        return;
    }
    if (scores_.empty() || score < *std::min_element(scores_.begin(), scores_.end())) {
        answer_ = std::move(best_);
        answer_fit_ = fit_;
        answer_steps_ = stopping_.best_step() + 1;
    }
    scores_.push_back(score);
    ++fit_;
    finished_ = fit_ == options_.restarts && !options_.refit;
    if (fit_ == options_.restarts && options_.restarts > 1) {
        double mean = 0.0;
        double square = 0.0;
        for (const double value : scores_) {
            mean += value / static_cast<double>(scores_.size());
        }
        for (const double value : scores_) {
            square += (value - mean) * (value - mean) / static_cast<double>(scores_.size() - 1);
        }
        remarks_.push_back(
            fmt::format("{} fits: mean {:.6g}, standard deviation {:.3g}; fit {} is "
                        "the best",
                        scores_.size(), mean, std::sqrt(square), answer_fit_ + 1));
    }
    if (finished_) {
        analyse_answer();
    } else {
        begin_fit();
    }
}

template <typename T>
void FactorNetworksMethod<T>::analyse_answer() {
    const Phase phase("factor_networks/spectrum");
    const AnalysedModel analysed = model_->analyse(answer_, options_.rank_tolerance);
    if (options_.prune) {
        model_->reduce(analysed, answer_);
    }
    spectrum_ = analysed.spectrum;
    remarks_.push_back(spectrum_->describe(options_.prune));
}

template <typename T>
typename FactorNetworksMethod<T>::Rows FactorNetworksMethod<T>::answer() const {
    // Between two fits the next one has no rows yet.
    const bool between = stopping_.steps() == 0 && !answer_.empty();
    if (finished_ || between) {
        return answer_;
    }
    return averaged_.empty() ? model_->rows() : averaged_;
}

template <typename T>
std::vector<NamedValue> FactorNetworksMethod<T>::report() const {
    std::vector<NamedValue> values = {{"objective", objective_}, {"change", change_}};
    if (judged()) {
        values.emplace_back(moving_variance_ ? "moving_variance" : "validation", figure_);
    }
    values.emplace_back("best_step", static_cast<double>(stopping_.best_step()));
    if (spectrum_) {
        values.emplace_back("effective_rank", static_cast<double>(spectrum_->effective_rank()));
    }
    return values;
}

template <typename T>
std::vector<std::string> FactorNetworksMethod<T>::take_remarks() {
    return std::exchange(remarks_, {});
}

template <typename T>
void FactorNetworksMethod<T>::serialise(Archive& archive) {
    archive.value("steps_done", steps_done_);
    archive.value("fit", fit_);
    archive.value("finished", finished_);
    archive.value("objective", objective_);
    archive.value("change", change_);
    archive.value("figure", figure_);
    archive.value("scores", scores_);
    archive.value("answer_fit", answer_fit_);
    archive.value("answer_steps", answer_steps_);
    bool analysed = spectrum_.has_value();
    archive.value("analysed", analysed);
    if (analysed) {
        const ArchiveGroup group(archive, "spectrum");
        spectrum_ = spectrum_.value_or(ModelSpectrum{});
        spectrum_->serialise(archive);
    }
    if (archive.loading()) {
        begin_fit();  // with the seed of that fit
    }
    {
        const ArchiveGroup group(archive, "stopping");
        stopping_.serialise(archive);
    }
    {
        const ArchiveGroup group(archive, "guard");
        guard_.serialise(archive);
    }
    if (moving_variance_) {
        const ArchiveGroup group(archive, "moving_variance");
        moving_variance_->serialise(archive);
    }
    if (outliers_) {
        const ArchiveGroup group(archive, "outliers");
        observation_.serialise_entries(archive, "grown", outliers_->grown());
        observation_.serialise_entries(archive, "shrunk", outliers_->shrunk());
    }
    {
        const ArchiveGroup group(archive, "model");
        model_->serialise(archive);
    }
    model_->serialise_rows(archive, "averaged", averaged_);
    model_->serialise_rows(archive, "best", best_);
    model_->serialise_rows(archive, "answer", answer_);
}

template <typename T>
DenseTensor<T> FactorNetworksMethod<T>::estimate() const {
    const Phase phase("factor_networks/estimate");
    std::optional<DenseTensor<T>> result;
    agree(problem_.observation.communicator(),
          [&] { result.emplace("factor networks estimate", problem_.observation.partition()); });
    const auto host = Kokkos::create_mirror_view(Kokkos::HostSpace(), result->block());
    const Rows rows = answer();
    model_->contraction(rows).reconstruct(host.data());
    Kokkos::deep_copy(result->block(), host);
    return *result;
}

template <typename T>
std::vector<Factor> FactorNetworksMethod<T>::factors() const {
    return model_->factors(answer(), spectrum_, spectrum_ && options_.prune, problem_.axes);
}

template class FactorNetworksMethod<float>;
template class FactorNetworksMethod<double>;

}  // namespace tessera
