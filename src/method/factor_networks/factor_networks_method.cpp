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

template <typename T>
typename FitObservation<T>::Judge judge_for(FactorNetworksOptions::Validation validation,
                                            FactorLayout::Form form) {
    using Judge = typename FitObservation<T>::Judge;
    using Validation = FactorNetworksOptions::Validation;
    const bool pairs = form == FactorLayout::Form::symmetric;
    return validation == Validation::held_out ? (pairs ? Judge::held_out_pairs : Judge::held_out)
           : validation == Validation::split  ? Judge::split
                                              : Judge::nothing;
}

template <typename T, typename AnyProblem>
auto observing(const AnyProblem& problem, std::uint64_t seed) {
    return [&problem, seed](typename FitObservation<T>::Judge judge, double share) {
        return FitObservation<T>(problem, judge, share, seed);
    };
}

}  // namespace

template <typename T>
FactorNetworksMethod<T>::FactorNetworksMethod(const Problem<T>& problem,
                                              const FactorNetworksOptions& options,
                                              std::uint64_t seed)
    : FactorNetworksMethod(frame_of(problem), observing<T>(problem, seed), options, seed) {}

template <typename T>
FactorNetworksMethod<T>::FactorNetworksMethod(const SparseProblem<T>& problem,
                                              const FactorNetworksOptions& options,
                                              std::uint64_t seed)
    : FactorNetworksMethod(frame_of(problem), observing<T>(problem, seed), options, seed) {}

template <typename T>
FactorNetworksMethod<T>::FactorNetworksMethod(FitFrame frame, const Observe& observe,
                                              const FactorNetworksOptions& options,
                                              std::uint64_t seed)
    : frame_(std::move(frame)),
      options_(options),
      seed_(seed),
      layout_(choose_factor_layout(frame_.partition.shape(), frame_.axes, options)),
      validation_(
          resolve_validation(options.validation, frame_.noise.kind != NoiseModel::Kind::unknown)),
      observation_(checked(observe)),
      loss_(options.entry_loss(frame_.noise)),
      schedule_(options.schedule_for_network()),
      stopping_(stopping_options()),
      guard_(options.backtrack) {
    remarks_.push_back(layout_.describe(frame_.axes));
    choose_route();
    if (validation_ == Validation::moving_variance) {
        moving_variance_.emplace(frame_.partition, seed);
    }
    if (options.outliers) {
        agree(frame_.partition.communicator(), [&] {
            outliers_.emplace(observation_.local_count(), observation_.scale(), loss_,
                              options.outlier_rate);
        });
    }
    begin_fit();
    const std::vector<std::string> sentences = model_->describe(frame_.axes);
    remarks_.insert(remarks_.end(), sentences.begin(), sentences.end());
}

template <typename T>
FitObservation<T> FactorNetworksMethod<T>::checked(const Observe& observe) const {
    check_frame(frame_, layout_, options_, validation_);
    return observe(judge_for<T>(validation_, layout_.form), 1.0 - options_.validation_share);
}

template <typename T>
void FactorNetworksMethod<T>::choose_route() {
    const Extents& shape = frame_.partition.shape();
    const auto entries = static_cast<double>(shape.product());
    const double share = observation_.observed_count() / entries;
    if (share == 1.0 || !frame_.dense) {
        return;
    }
    const PassCost cost = pass_cost(layout_, shape, share);
    if (cost.prefers_list()) {
        observation_.list_entries();
    }
    remarks_.push_back(fmt::format(
        "{:.0f} of {:.0f} entries are observed: each step goes through {} ({:.3g} operations one "
        "by one, {:.3g} in products of whole matrices)",
        observation_.observed_count(), entries,
        observation_.listed() ? "these alone" : "all of them", cost.listed, cost.whole));
}

template <typename T>
std::uint64_t FactorNetworksMethod<T>::fit_seed() const {
    // A refit repeats the fit that was best, with all data.
    return seed_ +
           0x9E3779B97F4A7C15U * static_cast<std::uint64_t>(refitting() ? ended_.best() : fit_);
}

template <typename T>
StoppingOptions FactorNetworksMethod<T>::stopping_options() const {
    StoppingOptions stopping = options_.stopping_for(validation_, observation_.noise_power());
    if (refitting()) {
        stopping.kind = StoppingOptions::Kind::count;
        stopping.maximum_steps = ended_.steps();
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
    model_ = std::make_unique<FactorModel<T>>(frame_.partition, layout_, options_,
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
    frame_.partition.communicator().sum_in_place(sums.data(), static_cast<Index>(sums.size()));
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
std::string FactorNetworksMethod<T>::describe_fit() const {
    const char* figure = !judged()          ? "objective"
                         : moving_variance_ ? "moving variance"
                                            : "validation loss";
    return fmt::format("{} {} of {}: {} after {} steps; step {} is the best, with {} {:.6g}",
                       refitting() ? "refit" : "fit", std::min(fit_ + 1, options_.restarts),
                       options_.restarts, stopping_.met() ? "stopped" : "not stopped",
                       stopping_.steps(), stopping_.best_step(), figure, stopping_.best());
}

template <typename T>
void FactorNetworksMethod<T>::end_fit() {
    remarks_.push_back(describe_fit());
    if (refitting()) {
        answer_ = std::move(best_);
        finished_ = true;
    } else {
        if (ended_.add(stopping_.best(), stopping_.best_step() + 1)) {
            answer_ = std::move(best_);
        }
        ++fit_;
        finished_ = fit_ == options_.restarts && !options_.refit;
        if (fit_ == options_.restarts && options_.restarts > 1) {
            remarks_.push_back(ended_.describe());
        }
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
    ended_.serialise(archive);
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
    TESSERA_ASSERT(frame_.dense.has_value(),
                   "the estimate of sparse data is not formed as a whole");
    const Phase phase("factor_networks/estimate");
    std::optional<DenseTensor<T>> result;
    agree(frame_.partition.communicator(),
          [&] { result.emplace("factor networks estimate", *frame_.dense); });
    const auto host = Kokkos::create_mirror_view(Kokkos::HostSpace(), result->block());
    const Rows rows = answer();
    model_->contraction(rows).reconstruct(host.data());
    Kokkos::deep_copy(result->block(), host);
    return *result;
}

template <typename T>
std::vector<double> FactorNetworksMethod<T>::predict(const SparseTensor<T>& at) const {
    if (layout_.factors.size() < 2) {
        return Method<T>::predict(at);
    }
    const Rows rows = answer();
    const std::vector<T> values = model_->listed_contraction(rows).evaluate(block_offsets(at));
    return {values.begin(), values.end()};
}

template <typename T>
std::vector<Factor> FactorNetworksMethod<T>::factors() const {
    return model_->factors(answer(), spectrum_, spectrum_ && options_.prune, frame_.axes);
}

template class FactorNetworksMethod<float>;
template class FactorNetworksMethod<double>;

}  // namespace tessera
