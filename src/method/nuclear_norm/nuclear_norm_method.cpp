#include "tessera/method/nuclear_norm/nuclear_norm_method.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/method/nuclear_norm/nuclear_norm_choices.hpp"
#include "tessera/method/replicated_factor.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

constexpr std::uint32_t scale_stream = 520;

MatrixKernelKind kind_of(NuclearNormOptions::Sampler sampler) {
    switch (sampler) {
        case NuclearNormOptions::Sampler::proximal:
            return MatrixKernelKind::proximal;
        case NuclearNormOptions::Sampler::moreau_yosida:
            return MatrixKernelKind::moreau_yosida;
        case NuclearNormOptions::Sampler::svd_gibbs:
            return MatrixKernelKind::svd_gibbs;
        case NuclearNormOptions::Sampler::automatic:
        case NuclearNormOptions::Sampler::harmonic_flow:
            break;
    }
    return MatrixKernelKind::harmonic_flow;
}

template <typename T>
PatchExchange make_exchange(const Problem<T>& problem, const NuclearNormOptions& options) {
    const Partition& partition = problem.observation.partition();
    MatrixLayout layout(partition.shape(), problem.axes, options);
    ChainGroups groups(partition.communicator(), layout, options);
    return {partition, std::move(layout), std::move(groups)};
}

// Kernels stand apart, for nvcc takes none in a member that is private.

// Which of the own matrices each of a group's units belongs to.
DeviceView<Index> matrices_of_units(const ChainGroups& groups) {
    const Index first_unit = groups.own_units().begin;
    const Index first_matrix = groups.own_matrices().begin;
    const Index chains = groups.chains();
    DeviceView<Index> of_matrix =
        allocate<Index>("measurements of chains", groups.own_units().size());
    Kokkos::parallel_for(
        "tessera::measurements", Kokkos::RangePolicy<>(0, groups.own_units().size()),
        KOKKOS_LAMBDA(Index unit) {
            of_matrix(unit) = (first_unit + unit) / chains - first_matrix;
        });
    return of_matrix;
}

// The measurements of all chains, 0 where there is none.
DeviceView<double> scaled_measurements(const MatrixChains& chains) {
    const Index entries = chains.batch.local_entries();
    const MatrixLikelihood likelihood = chains.likelihood();
    DeviceView<double> start = allocate<double>("first matrices", chains.batch.local_size());
    for_each_entry(
        "tessera::first_matrices", chains.batch, KOKKOS_LAMBDA(Index unit, Index local) {
            start(unit * entries + local) =
                likelihood.observed(unit, local) ? likelihood.centre(unit, local) : 0.0;
        });
    return start;
}

// exp(entropy of the singular values' shares).
double effective_rank(const double* values, Index count) {
    const double norm = std::accumulate(values, values + count, 0.0);
    double entropy = 0.0;
    for (Index index = 0; index < count; ++index) {
        const double share = norm > 0.0 ? values[index] / norm : 0.0;
        entropy -= share > 0.0 ? share * std::log(share) : 0.0;
    }
    return std::exp(entropy);
}

// The sums after Phi was multiplied by f and rho by a.
ScaleSums rescaled(const ScaleSums& sums, double f, double a) {
    ScaleSums result = sums;
    const double b = a - f;
    result.nuclear_norm *= f;
    result.residual_squares = a * a * sums.residual_squares +
                              2.0 * a * b * sums.residual_times_phi + b * b * sums.phi_squares;
    result.residual_times_phi = f * (a * sums.residual_times_phi + b * sums.phi_squares);
    result.phi_squares *= f * f;
    return result;
}

double log_posterior(const ScaleSums& sums, double lambda) {
    return -0.5 * sums.residual_squares - lambda * sums.nuclear_norm;
}

}  // namespace

template <typename T>
NuclearNormMethod<T>::NuclearNormMethod(const Problem<T>& problem,
                                        const NuclearNormOptions& options, std::uint64_t seed)
    : problem_(problem),
      options_(with_choices(
          options, MatrixLayout(problem.observation.shape(), problem.axes, options),
          problem.mask.has_value(),
          problem.noise.kind == NoiseModel::Kind::poisson && problem.noise.peak > 0.0)),
      seed_(seed),
      exchange_(make_exchange(problem, options_)),
      noise_(noise_scale_of(problem, options_)),
      chains_(make_batch(), observe()),
      kernel_(make_matrix_kernel(kind_of(options_.sampler), chains_.batch, seed)),
      moments_(chains_.batch, options_.interval),
      records_(exchange_.groups(), exchange_.layout().count(), options_) {
    chains_.weights = singular_value_weights(options_, chains_.batch.columns);
    start_chains();
    describe();
}

template <typename T>
MatrixBatch NuclearNormMethod<T>::make_batch() const {
    const ChainGroups& groups = exchange_.groups();
    const Range units = groups.own_units();
    return {groups.group(),
            units.begin,
            units.size(),
            exchange_.layout().rows(),
            exchange_.layout().columns(),
            exchange_.own_rows()};
}

template <typename T>
MatrixObservations NuclearNormMethod<T>::observe() const {
    MatrixObservations measured;
    const DeviceView<T> values = exchange_.gather(scale_bands(problem_.observation, noise_, -1));
    measured.values = allocate<double>("measured matrices", static_cast<Index>(values.size()));
    Kokkos::deep_copy(measured.values, values);
    if (problem_.mask) {
        measured.masked = true;
        measured.mask = exchange_.gather(*problem_.mask);
    }
    measured.of_matrix = matrices_of_units(exchange_.groups());
    measured.counts = counts();
    if (counts()) {
        measured.counted = {problem_.noise.peak, problem_.noise.readout, options_.rate_smoothing};
    }
    return measured;
}

template <typename T>
std::vector<double> NuclearNormMethod<T>::first_noise_levels() const {
    if (counts()) {
        return count_noise_levels(chains_);
    }
    // With Phi = 0 and rho = 1 the residual is the measurement itself.
    std::vector<double> levels;
    bool unknown = false;
    for (const ScaleSums& sums : scale_sums(chains_)) {
        const double power = sums.observed > 0.0 ? sums.residual_squares / sums.observed : 0.0;
        unknown = unknown || (!noise_.sigma && power <= 0.0);
        levels.push_back(noise_.sigma.value_or(0.5 * std::sqrt(power)));
    }
    if (problem_.observation.communicator().any(unknown)) {
        throw UsageError(
            "a matrix has no observed entry other than 0, so that its noise level cannot be "
            "inferred: give method.noise_sigma, or larger patches");
    }
    return levels;
}

template <typename T>
void NuclearNormMethod<T>::start_chains() {
    const MatrixBatch& batch = chains_.batch;
    Kokkos::deep_copy(chains_.phi, 0.0);
    Kokkos::deep_copy(chains_.spectrum.vectors, 0.0);
    const std::vector<double> levels = first_noise_levels();
    std::transform(levels.begin(), levels.end(), chains_.rho.begin(),
                   [](double level) { return 1.0 / level; });
    const DeviceView<double> start = scaled_measurements(chains_);
    const std::vector<Index> all = all_matrices(batch);
    decompose(batch, start, all, chains_.spectrum);
    // From the measurement itself to what stands clear of the noise's largest singular value.
    const double edge =
        std::sqrt(static_cast<double>(batch.rows)) + std::sqrt(static_cast<double>(batch.columns));
    std::vector<double> thresholds;
    for (Index unit = 0; unit < batch.count; ++unit) {
        const Index chain = (batch.first + unit) % options_.chains;
        thresholds.insert(thresholds.end(), static_cast<std::size_t>(batch.columns),
                          edge * static_cast<double>(chain) / static_cast<double>(options_.chains));
    }
    apply_weights(batch, start, chains_.spectrum, shrinkage_weights(chains_.spectrum, thresholds),
                  all, Target::overwritten, chains_.phi);
    chains_.refresh_spectrum();
    for (Index unit = 0; unit < batch.count; ++unit) {
        const auto place = static_cast<std::size_t>(unit);
        // A zero matrix would have the penalty infinite.
        const auto size = static_cast<double>(batch.entries());
        const double norm = chains_.spectrum.norm(unit, chains_.weights) + std::sqrt(size);
        chains_.lambda[place] = options_.penalty.value_or(size / norm);
    }
    sums_ = scale_sums(chains_);
}

template <typename T>
void NuclearNormMethod<T>::step() {
    {
        const Phase phase("nuclear_norm/kernel");
        kernel_->advance(chains_, steps_done_, steps_done_ < options_.warm_up);
    }
    draw_scales();
    if (steps_done_ >= options_.warm_up) {
        const Phase phase("nuclear_norm/moments");
        moments_.add(chains_);
    }
    record();
    ++steps_done_;
    if (finished()) {
        judge();
    }
}

template <typename T>
void NuclearNormMethod<T>::draw_scales() {
    const Phase phase("nuclear_norm/scales");
    sums_ = scale_sums(chains_);
    ScaleOptions request;
    request.penalty_free = !options_.penalty;
    request.noise_free = noise_free();
    request.penalty_prior = options_.penalty_prior;
    request.noise_prior = options_.noise_prior;
    request.gaussian = !counts();
    if (!request.penalty_free && !request.noise_free) {
        return;
    }
    std::vector<double> factors;
    for (Index unit = 0; unit < chains_.batch.count; ++unit) {
        const auto place = static_cast<std::size_t>(unit);
        if (sums_[place].nuclear_norm <= 0.0) {
            // A chain that began at zero and has not left it yet says nothing about its scales.
            factors.push_back(1.0);
            continue;
        }
        RandomSequence random(seed_, scale_stream, chains_.batch.first + unit,
                              static_cast<std::uint32_t>(steps_done_));
        const Scales drawn =
            update_scales(random, request, sums_[place], chains_.lambda[place], chains_.rho[place]);
        sums_[place] = rescaled(sums_[place], drawn.phi_factor, drawn.rho / chains_.rho[place]);
        chains_.lambda[place] = drawn.lambda;
        chains_.rho[place] = drawn.rho;
        factors.push_back(drawn.phi_factor);
    }
    chains_.scale(factors);
    kernel_->scaled(factors);
}

template <typename T>
std::vector<std::array<double, 3>> NuclearNormMethod<T>::traced_entries() const {
    const MatrixBatch& batch = chains_.batch;
    const Index whole = batch.entries();
    const Index begin = batch.own_rows.begin * batch.columns;
    std::vector<std::array<double, 3>> values(static_cast<std::size_t>(batch.count));
    for (int number = 0; number < 3; ++number) {
        // The middles of three thirds of the matrix.
        const Index entry = (2 * number + 1) * whole / 6 - begin;
        if (entry < 0 || entry >= batch.local_entries()) {
            continue;
        }
        for (Index unit = 0; unit < batch.count; ++unit) {
            if (!records_.traced(batch.first + unit)) {
                continue;
            }
            const auto at = static_cast<std::size_t>(unit * batch.local_entries() + entry);
            Kokkos::deep_copy(
                values[static_cast<std::size_t>(unit)][static_cast<std::size_t>(number)],
                Kokkos::subview(chains_.phi, at));
        }
    }
    if (batch.group.size() > 1 && batch.count > 0) {
        batch.group.sum_in_place(values.front().data(), 3 * batch.count);
    }
    return values;
}

template <typename T>
void NuclearNormMethod<T>::record() {
    const MatrixBatch& batch = chains_.batch;
    const std::vector<std::array<double, 3>> entries = traced_entries();
    // Sums over units of the figures that are reported.
    enum Figure { objective, penalty, noise, norm, rank, accepted, figure_count };
    std::array<double, figure_count> totals = {};
    for (Index unit = 0; unit < batch.count; ++unit) {
        const auto place = static_cast<std::size_t>(unit);
        ChainState state;
        state.penalty = chains_.lambda[place];
        state.noise = 1.0 / chains_.rho[place];
        state.nuclear_norm = sums_[place].nuclear_norm * state.noise;
        state.log_posterior = log_posterior(sums_[place], state.penalty);
        state.effective_rank = effective_rank(chains_.spectrum.values(unit), batch.columns);
        std::transform(entries[place].begin(), entries[place].end(), state.entries.begin(),
                       [&](double entry) { return entry * state.noise; });
        if (records_.traced(batch.first + unit)) {
            records_.keep(batch.first + unit, steps_done_, state);
        }
        totals[objective] -= state.log_posterior;
        totals[penalty] += state.penalty;
        totals[noise] += state.noise;
        totals[norm] += state.nuclear_norm;
        totals[rank] += state.effective_rank;
        totals[accepted] += kernel_->acceptance()[place];
    }
    const Communicator& world = problem_.observation.communicator();
    if (batch.group.rank() != 0) {
        totals = {};
    }
    world.sum_in_place(totals.data(), figure_count);
    const auto units = static_cast<double>(exchange_.groups().unit_count());
    report_ = {{"objective", totals[objective] / units}, {"penalty", totals[penalty] / units},
               {"noise", totals[noise] / units},         {"nuclear_norm", totals[norm] / units},
               {"rank", totals[rank] / units},           {"acceptance", totals[accepted] / units}};
}

template <typename T>
std::vector<NamedValue> NuclearNormMethod<T>::report() const {
    std::vector<NamedValue> values = report_;
    if (summary_) {
        values.emplace_back("r_hat", summary_->worst_r_hat);
        values.emplace_back("effective_draws", summary_->least_bulk);
        values.emplace_back("effective_tail_draws", summary_->least_tail);
    }
    return values;
}

template <typename T>
void NuclearNormMethod<T>::judge() {
    const Phase phase("nuclear_norm/diagnostics");
    summary_ = records_.judge(records_.gather(problem_.observation.communicator()));
    remarks_.push_back(fmt::format(
        "of {} traced quantities {:.1f} % have not converged (R-hat above {} or fewer than {} "
        "effective draws); worst R-hat {:.4f}, fewest effective draws {:.0f} (bulk) and {:.0f} "
        "(tail)",
        summary_->judged, 100.0 * summary_->share_failed, options_.maximum_r_hat,
        options_.minimum_effective_draws, summary_->worst_r_hat, summary_->least_bulk,
        summary_->least_tail));
    if (!converged()) {
        remarks_.push_back(
            "the chains have not converged: raise method.warm_up and method.draws, or fix what is "
            "inferred (method.penalty, method.noise_sigma)");
    }
}

template <typename T>
bool NuclearNormMethod<T>::converged() const {
    // One quantity in twenty may fail by chance where thousands are judged.
    constexpr double tolerated_share = 0.05;
    return !summary_ || summary_->share_failed <= tolerated_share;
}

template <typename T>
void NuclearNormMethod<T>::describe() {
    const MatrixLayout& layout = exchange_.layout();
    const ChainGroups& groups = exchange_.groups();
    remarks_.push_back(fmt::format(
        "{} of {} x {}, {} chains each, on {} of {} {}",
        layout.count() == 1 ? "1 matrix" : fmt::format("{} matrices", layout.count()),
        layout.rows(), layout.columns(), groups.chains(),
        groups.group_count() == 1 ? "1 group" : fmt::format("{} groups", groups.group_count()),
        groups.group().size(), groups.group().size() == 1 ? "rank" : "ranks"));
    if (counts()) {
        remarks_.push_back(fmt::format(
            "the measurements are counts: {} at value 1, readout noise {}, intensities smoothed at "
            "{} counts",
            problem_.noise.peak, problem_.noise.readout, options_.rate_smoothing));
    } else if (noise_free()) {
        remarks_.emplace_back(problem_.noise.kind == NoiseModel::Kind::poisson
                                  ? "the counts' noise is taken for Gaussian of one inferred level"
                                  : "the noise level is inferred for each matrix");
    }
}

template <typename T>
std::vector<std::string> NuclearNormMethod<T>::take_remarks() {
    return std::exchange(remarks_, {});
}

template class NuclearNormMethod<float>;
template class NuclearNormMethod<double>;

}  // namespace tessera
