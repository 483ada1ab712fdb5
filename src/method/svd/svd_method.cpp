#include "tessera/method/svd/svd_method.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/linalg/slab_kernels.hpp"
#include "tessera/linalg/tall_qr.hpp"
#include "tessera/method/replicated_factor.hpp"
#include "tessera/method/svd/noise_levels.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/problem/noise_estimate.hpp"
#include "tessera/problem/variance_stabilisation.hpp"
#include "tessera/tensor/reductions.hpp"
#include "tessera/tensor/unfolding_operator.hpp"

namespace tessera {
namespace {

using Truncation = SvdOptions::Truncation;
using Solver = SvdOptions::Solver;

SvdSolver iterative_solver(Solver solver) {
    switch (solver) {
        case Solver::cross:
            return SvdSolver::cross;
        case Solver::randomized:
            return SvdSolver::randomized;
        case Solver::scalapack:
            return SvdSolver::scalapack;
        default:
            return SvdSolver::trlanczos;
    }
}

VarianceStabilisation stabilisation(const NoiseModel& noise) { return {noise.peak, noise.readout}; }

Matrix cross_product(const Matrix& r) {
    const SlabMatrix<const double> rows{r.data(), 1, r.columns, r.rows};
    return gram(rows);
}

std::vector<double> inverses(std::vector<double> values) {
    std::transform(values.begin(), values.end(), values.begin(), [](double v) { return 1.0 / v; });
    return values;
}

}  // namespace

template <typename T>
SvdMethod<T>::SvdMethod(const Problem<T>& problem, SvdOptions options, std::uint64_t seed)
    : problem_(problem),
      options_(std::move(options)),
      seed_(seed),
      direct_(false),
      matrix_(problem,
              choose_column_modes(problem.observation.shape(), problem.axes, options_.columns),
              problem.mask.has_value() ||
                  options_.stabilisation == SvdOptions::Stabilisation::anscombe) {
    direct_ = svd_is_direct(options_, matrix_.columns());
    if (options_.stabilisation == SvdOptions::Stabilisation::anscombe) {
        stabilisation(problem_.noise).forward(matrix_.tensor());
        matrix_.reload();
    }
    spectrum_.rows = static_cast<double>(matrix_.rows());
    spectrum_.columns = static_cast<double>(matrix_.columns());
    prepare_noise();
}

template <typename T>
void SvdMethod<T>::prepare_noise() {
    const NoiseLevels known = known_noise(problem_, options_, matrix_);
    noise_sigma_ = known.white_sigma;
    const bool needs_levels = options_.whiten && known.column_sigma.empty();
    if (masked()) {
        fill_missing();
    }
    if (needs_levels || options_.truncation == Truncation::hysime) {
        TallQrRoute route{};
        const Matrix r = tall_qr_r(matrix_.values(), matrix_.communicator(), route);
        const Matrix columns_gram = cross_product(r);
        if (options_.whiten) {
            column_sigma_ = needs_levels ? estimate_band_noise(columns_gram, matrix_.rows()).sigma
                                         : known.column_sigma;
        }
        if (options_.truncation == Truncation::hysime) {
            find_hysime_rank(columns_gram);
        }
    } else if (options_.whiten) {
        column_sigma_ = known.column_sigma;
    }
    if (options_.whiten) {
        noise_sigma_ = 1.0;
        guard_noise_levels(column_sigma_);
        const auto [low, high] = std::minmax_element(column_sigma_.begin(), column_sigma_.end());
        remarks_.push_back(fmt::format("columns are whitened: noise sigma {:.4g} to {:.4g}, {}",
                                       *low, *high, needs_levels ? "estimated" : "known"));
    }
}

template <typename T>
void SvdMethod<T>::find_hysime_rank(const Matrix& gram) {
    const BandNoise noise = estimate_band_noise(gram, matrix_.rows());
    hysime_rank_ = std::max<Index>(1, hysime_subspace_size(gram, matrix_.rows(), noise));
}

template <typename T>
void SvdMethod<T>::step() {
    const Phase phase("svd/step");
    if (masked()) {
        step_imputation();
    } else {
        step_complete();
    }
    ++steps_done_;
}

template <typename T>
void SvdMethod<T>::step_complete() {
    if (direct_) {
        decompose_directly();
    } else {
        decompose_batch();
    }
    const std::optional<KeptSpectrum> kept = keep();
    finished_ = kept.has_value();
    if (kept) {
        weights_ = kept->weights;
        remarks_.push_back(kept->remark);
    }
    // What the estimate leaves of the known triplets, and all of the unknown ones.
    double rest = 0.0;
    double known = 0.0;
    for (std::size_t i = 0; i < spectrum_.values.size(); ++i) {
        const double weight = i < weights_.size() ? weights_[i] : 0.0;
        const double energy = spectrum_.values[i] * spectrum_.values[i];
        rest += (1.0 - weight) * (1.0 - weight) * energy;
        known += energy;
    }
    if (!spectrum_.complete) {
        rest += std::max(0.0, spectrum_.squared_norm - known);
    }
    objective_ = std::sqrt(rest / (spectrum_.squared_norm > 0.0 ? spectrum_.squared_norm : 1.0));
}

template <typename T>
void SvdMethod<T>::step_imputation() {
    if (direct_) {
        decompose_directly();
    } else {
        spectrum_.values.clear();
        right_ = Matrix();
        decompose_batch();
    }
    std::optional<KeptSpectrum> kept = keep();
    while (!kept) {
        decompose_batch();
        kept = keep();
    }
    weights_ = kept->weights;
    scores_ = allocate_scores();
    multiply(matrix_.values(), right().in, matrix_.with_columns(scores_.data(), rank()));
    const ImputationSums sums = impute_from_scores();
    const auto ratio = [](double part, double whole) {
        return whole > 0.0 ? std::sqrt(part / whole) : 0.0;
    };
    objective_ = ratio(sums.observed_squared_error, sums.observed_squared_norm);
    change_ = ratio(sums.missing_squared_change, sums.missing_squared_norm);
    const bool settled = change_ <= options_.imputation_tolerance;
    finished_ = settled || steps_done_ + 1 >= options_.imputation_maximum_steps;
    if (finished_) {
        converged_ = settled;
        remarks_.push_back(kept->remark);
        remarks_.push_back(
            fmt::format("imputation {} after {} rounds: missing entries changed by {:.3g}",
                        settled ? "settled" : "did not settle", steps_done_ + 1, change_));
    }
}

template <typename T>
void SvdMethod<T>::decompose_directly() {
    const Phase phase("svd/tsqr");
    TallQrRoute route{};
    Matrix r = tall_qr_r(matrix_.values(), matrix_.communicator(), route);
    if (!column_sigma_.empty()) {
        r = scale_columns(std::move(r), inverses(column_sigma_));
    }
    DenseSvd svd = dense_svd(r);
    fix_signs(svd.v);
    spectrum_.values = std::move(svd.singular_values);
    right_ = std::move(svd.v);
    // Nodes with different processors may round differently, and decisions are taken on these.
    matrix_.communicator().broadcast(spectrum_.values.data(),
                                     static_cast<Index>(spectrum_.values.size()));
    matrix_.communicator().broadcast(right_.data(), static_cast<Index>(right_.values.size()));
    spectrum_.complete = true;
    spectrum_.squared_norm = 0.0;
    for (const double value : spectrum_.values) {
        spectrum_.squared_norm += value * value;
    }
    if (steps_done_ == 0) {
        remarks_.push_back(fmt::format("{} x {} matrix by {}", matrix_.rows(), matrix_.columns(),
                                       to_string(route)));
    }
}

template <typename T>
void SvdMethod<T>::decompose_batch() {
    const Phase phase("svd/solver");
    const UnfoldingOperator<T> whole(matrix_.tensor(), matrix_.modes().first, matrix_.modes().last);
    Triplets triplets;
    if (!spectrum_.values.empty()) {
        triplets = restore_triplets(whole, spectrum_.values, residuals_, right_);
    }
    DistributedSvdOptions request;
    request.solver = iterative_solver(options_.solver);
    request.tolerance = options_.solver_tolerance;
    request.maximum_iterations = options_.solver_maximum_iterations;
    request.seed = seed_;
    const Index left_over = matrix_.columns() - triplets.count();
    request.count = std::min(options_.triplets_per_step, left_over);
    const Index wanted = options_.truncation == Truncation::rank     ? options_.rank
                         : options_.truncation == Truncation::hysime ? hysime_rank_
                                                                     : matrix_.columns();
    request.count = std::clamp<Index>(wanted - triplets.count(), 1, request.count);
    append(triplets, distributed_svd(whole, request, triplets.count() > 0 ? &triplets : nullptr));
    spectrum_.values = triplets.values;
    residuals_ = triplets.residuals;
    right_ = replicate(whole, Side::columns, triplets.right);
    spectrum_.complete = triplets.count() == matrix_.columns();
    spectrum_.squared_norm = squared_norm(matrix_.tensor());
}

template <typename T>
HostView<T> SvdMethod<T>::allocate_scores() const {
    HostView<T> scores;
    agree(matrix_.communicator(),
          [&] { scores = allocate_host<T>("svd scores", matrix_.local_rows() * rank()); });
    return scores;
}

template <typename T>
std::optional<KeptSpectrum> SvdMethod<T>::keep() {
    const std::optional<Index> hysime =
        hysime_rank_ < 0 ? std::nullopt : std::optional<Index>(hysime_rank_);
    return keep_spectrum(spectrum_, options_, noise_sigma_, hysime, !direct_);
}

template <typename T>
void SvdMethod<T>::fill_missing() {
    if (scores_.size() == 0) {
        fill_with_column_means(matrix_.mask(), matrix_.writable_values(), matrix_.communicator());
    } else {
        // As the step that computed the scores left them: by the same kernel, to the same bits.
        static_cast<void>(impute_from_scores());
    }
    matrix_.store();
}

template <typename T>
ImputationSums SvdMethod<T>::impute_from_scores() {
    const ImputationSums sums =
        impute(matrix_.template with_columns<const T>(scores_.data(), rank()), right().out,
               matrix_.mask(), matrix_.writable_values(), matrix_.communicator());
    matrix_.store();
    return sums;
}

template <typename T>
Index SvdMethod<T>::steps_expected() const {
    if (masked()) {
        return options_.imputation_maximum_steps;
    }
    const bool counted = options_.truncation == Truncation::rank;
    return direct_ ? 1
                   : (counted ? (options_.rank + options_.triplets_per_step - 1) /
                                    options_.triplets_per_step
                              : 0);
}

template <typename T>
std::vector<NamedValue> SvdMethod<T>::report() const {
    std::vector<NamedValue> values = {{"objective", objective_}};
    if (masked()) {
        values.emplace_back("change", change_);
    }
    values.emplace_back("rank", static_cast<double>(weights_.size()));
    return values;
}

template <typename T>
std::vector<std::string> SvdMethod<T>::take_remarks() {
    return std::exchange(remarks_, {});
}

template <typename T>
void SvdMethod<T>::serialise(Archive& archive) {
    archive.value("steps_done", steps_done_);
    archive.value("finished", finished_);
    archive.value("converged", converged_);
    archive.value("singular_values", spectrum_.values);
    archive.value("complete", spectrum_.complete);
    archive.value("squared_norm", spectrum_.squared_norm);
    archive.value("residuals", residuals_);
    archive.value("right_vectors", right_.values);
    archive.value("weights", weights_);
    archive.value("hysime_rank", hysime_rank_);
    archive.value("objective", objective_);
    archive.value("change", change_);
    archive.value("column_sigma", column_sigma_);
    right_.rows = matrix_.columns();
    right_.columns = static_cast<Index>(spectrum_.values.size());
    if (!masked() || steps_done_ == 0) {
        return;
    }
    if (archive.loading()) {
        scores_ = allocate_scores();
    }
    archive.block("scores", matrix_.place(rank()), scores_.data());
    if (archive.loading()) {
        fill_missing();
    }
}

template <typename T>
DenseTensor<T> SvdMethod<T>::estimate() const {
    const Phase phase("svd/estimate");
    const DenseTensor<T> result = matrix_.like("svd estimate");
    auto host = Kokkos::create_mirror_view(Kokkos::HostSpace(), result.block());
    const SlabMatrix<T> out = matrix_.with_columns(host.data(), matrix_.columns());
    const RightFactors right_side = right();
    if (masked() && scores_.size() != 0) {
        reconstruct(matrix_.template with_columns<const T>(scores_.data(), rank()), right_side.out,
                    out);
    } else {
        project(matrix_.values(), right_side.in, right_side.out, out);
    }
    Kokkos::deep_copy(result.block(), host);
    if (options_.stabilisation == SvdOptions::Stabilisation::anscombe) {
        stabilisation(problem_.noise).inverse(result);
    }
    return matrix_.back(result);
}

template <typename T>
std::vector<Factor> SvdMethod<T>::factors() const {
    const Communicator& communicator = matrix_.communicator();
    const Matrix kept = first_columns(right_, rank());
    std::vector<Factor> result;
    result.push_back(replicated_factor(communicator, "singular_values",
                                       {static_cast<Index>(spectrum_.values.size())},
                                       spectrum_.values));
    result.push_back(replicated_factor(communicator, "weights", {rank()}, weights_));
    // Row-major columns x rank from the column-major matrix.
    result.push_back(replicated_factor(communicator, "right_vectors", {kept.rows, kept.columns},
                                       transposed(kept).values));
    // The coordinates of every row in the basis: eigen-images, for a cube unfolded by its bands.
    std::vector<T> scores(static_cast<std::size_t>(matrix_.local_rows() * rank()));
    multiply(matrix_.values(), right().in, matrix_.with_columns(scores.data(), rank()));
    result.push_back({"scores", matrix_.place(rank()), {scores.begin(), scores.end()}});
    return result;
}

template class SvdMethod<float>;
template class SvdMethod<double>;

}  // namespace tessera
