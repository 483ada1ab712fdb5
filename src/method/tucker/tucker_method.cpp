#include "tessera/method/tucker/tucker_method.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/linalg/dense_svd.hpp"
#include "tessera/method/replicated_factor.hpp"
#include "tessera/method/tucker/mode_spectrum.hpp"
#include "tessera/method/tucker/truncation_order.hpp"
#include "tessera/method/tucker/tucker_model.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/contraction.hpp"
#include "tessera/tensor/reductions.hpp"

namespace tessera {
namespace {

using Route = TuckerOptions::Route;

// The Gram route finds relative errors down to about 1e-7.
constexpr double least_gram_tolerance = 1e-6;

}  // namespace

template <typename T>
TuckerMethod<T>::TuckerMethod(const Problem<T>& problem, TuckerOptions options)
    : problem_(problem),
      options_(std::move(options)),
      ranks_(tucker_ranks(options_, problem.observation.shape(), problem.axes)),
      singular_values_(static_cast<std::size_t>(order())) {
    if (problem_.mask && ranks_.empty()) {
        throw UsageError(
            "method tucker: data with missing entries have no truncation error to choose ranks by: "
            "give method.ranks");
    }
    model_.factors.resize(static_cast<std::size_t>(order()));
    choose_route();
    choose_order();
}

template <typename T>
void TuckerMethod<T>::choose_route() {
    const bool tight = ranks_.empty() && options_.tolerance < least_gram_tolerance;
    by_qr_ = options_.route == Route::qr || (options_.route == Route::automatic && tight);
    std::string reason;
    if (options_.route != Route::automatic) {
        reason = "as asked for";
    } else if (!ranks_.empty()) {
        reason = "as long as the kept singular values are above 1e-6 of the largest";
    } else {
        reason = fmt::format("for a tolerance of {:.3g} (Gram matrices resolve errors down to {})",
                             options_.tolerance, least_gram_tolerance);
    }
    remarks_.push_back(fmt::format("singular vectors by {}, {}",
                                   by_qr_ ? "QR of the unfoldings" : "Gram matrices", reason));
}

template <typename T>
void TuckerMethod<T>::choose_order() {
    const Extents& shape = problem_.observation.shape();
    std::string how = "as asked for";
    if (options_.mode_order.empty()) {
        TruncationOrder best = cheapest_order(shape, ranks_, by_qr_);
        modes_ = std::move(best.modes);
        how = fmt::format("the cheapest order, {:.3g} Gflop{}", 1e-9 * best.flops,
                          ranks_.empty() ? " if the ranks are half of the extents" : "");
    } else {
        modes_ = named_order(options_.mode_order, problem_.axes);
    }
    std::vector<std::string> names;
    for (const int mode : modes_) {
        names.push_back(problem_.axes[static_cast<std::size_t>(mode)]);
    }
    remarks_.push_back(
        fmt::format("modes are truncated in the order {}: {}", fmt::join(names, ", "), how));
}

template <typename T>
void TuckerMethod<T>::step() {
    const Phase phase("tucker/step");
    if (steps_done_ < order()) {
        truncate_next_mode();
        finished_ = steps_done_ + 1 == order() && options_.hooi_sweeps == 0 && !problem_.mask;
    } else if (problem_.mask) {
        complete();
    } else {
        improve();
    }
    ++steps_done_;
}

template <typename T>
void TuckerMethod<T>::truncate_next_mode() {
    const int mode = modes_[static_cast<std::size_t>(steps_done_)];
    const auto place = static_cast<std::size_t>(mode);
    const DenseTensor<T> tensor = current();
    ModeSpectrum spectrum = by_qr_ ? spectrum_by_qr(tensor, mode) : spectrum_by_gram(tensor, mode);
    if (steps_done_ == 0) {
        squared_norm_ = spectrum.total();
    }
    Index rank = 0;
    if (ranks_.empty()) {
        // What earlier modes left of the tolerance is shared by the modes that are left.
        const double allowed = options_.tolerance * options_.tolerance * squared_norm_;
        const auto modes_left = static_cast<double>(order() - steps_done_);
        rank = spectrum.smallest_rank(std::max(0.0, allowed - discarded_) / modes_left);
    } else {
        rank = ranks_[place];
        const double least = spectrum.energies[static_cast<std::size_t>(rank - 1)];
        if (options_.route == Route::automatic && !by_qr_ &&
            least < least_gram_energy * spectrum.energies.front()) {
            remarks_.push_back(
                fmt::format("singular value {} of axis {} is below 1e-6 of the largest: from here "
                            "on by QR of the unfoldings",
                            rank, problem_.axes[place]));
            by_qr_ = true;
            spectrum = spectrum_by_qr(tensor, mode);
        }
    }
    model_.factors[place] = first_columns(spectrum.vectors, rank);
    discarded_ += spectrum.tail(rank);
    objective_ = problem_.mask ? 1.0 : relative(discarded_);
    for (const double energy : spectrum.energies) {
        singular_values_[place].push_back(std::sqrt(energy));
    }
    core_ = tensor_times_matrix(tensor, mode, transposed(model_.factors[place]), "tucker core");
    if (!problem_.mask) {
        remarks_.push_back(fmt::format("axis {}: rank {} of {}, relative error so far {:.4g}",
                                       problem_.axes[place], rank, model_.factors[place].rows,
                                       objective_));
    }
}

template <typename T>
void TuckerMethod<T>::improve() {
    const Phase phase("tucker/hooi");
    core_ = hooi_sweep(problem_.observation, model_.factors, by_qr_);
    const double before = objective_;
    objective_ = relative(squared_norm_ - squared_norm(*core_));
    change_ = std::abs(before - objective_);
    const Index sweeps = steps_done_ + 1 - order();
    const bool settled = change_ < options_.hooi_tolerance;
    finished_ = settled || sweeps >= options_.hooi_sweeps;
    if (finished_) {
        remarks_.push_back(
            fmt::format("HOOI {} after {} sweeps: the relative error changed by "
                        "{:.3g} to {:.6g}",
                        settled ? "settled" : "ended", sweeps, change_, objective_));
    }
}

template <typename T>
void TuckerMethod<T>::prepare_completion() {
    if (!completion_) {
        completion_.emplace(observed_entries(problem_.observation, problem_.mask));
    }
    if (!model_.core.empty()) {
        return;
    }
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), core_->block());
    const GlobalIndex global = global_index(*core_);
    model_.core.assign(static_cast<std::size_t>(core_->size()), 0.0);
    for (std::size_t entry = 0; entry < host.size(); ++entry) {
        model_.core[static_cast<std::size_t>(global(static_cast<Index>(entry)))] =
            static_cast<double>(host(entry));
    }
    core_->communicator().sum_in_place(model_.core.data(), core_->size());
    // The start saw zeros where nothing was observed, and its core is too small by about the share
    // of the observed entries.
    static_cast<void>(completion_->update_core(model_, options_.core_iterations));
}

template <typename T>
DenseTensor<T> TuckerMethod<T>::distributed_core() const {
    const Partition partition(Extents(model_.ranks()), problem_.observation.partition().grid());
    std::optional<DenseTensor<T>> core;
    agree(partition.communicator(), [&] { core.emplace("tucker core", partition); });
    const auto host = Kokkos::create_mirror_view(Kokkos::HostSpace(), core->block());
    const GlobalIndex global = global_index(*core);
    for (std::size_t entry = 0; entry < host.size(); ++entry) {
        host(entry) = static_cast<T>(
            model_.core[static_cast<std::size_t>(global(static_cast<Index>(entry)))]);
    }
    Kokkos::deep_copy(core->block(), host);
    return *core;
}

template <typename T>
void TuckerMethod<T>::complete() {
    const Phase phase("tucker/completion");
    prepare_completion();
    for (int mode = 0; mode < order(); ++mode) {
        completion_->update_factor(model_, mode, options_.ridge);
    }
    const double error = completion_->update_core(model_, options_.core_iterations);
    core_ = distributed_core();
    squared_norm_ = completion_->squared_norm();
    const double before = objective_;
    objective_ = relative(error);
    change_ = std::abs(before - objective_);
    const Index sweeps = steps_done_ + 1 - order();
    const bool settled = change_ < options_.completion_tolerance;
    finished_ = settled || sweeps >= options_.completion_maximum_sweeps;
    converged_ = settled || !finished_;
    if (finished_) {
        remarks_.push_back(
            fmt::format("completion {} after {} sweeps: relative error {:.4g} on observed entries, "
                        "changed by {:.3g}",
                        settled ? "settled" : "did not settle", sweeps, objective_, change_));
    }
}

template <typename T>
double TuckerMethod<T>::relative(double squared_error) const {
    return squared_norm_ > 0.0 ? std::sqrt(std::max(0.0, squared_error) / squared_norm_) : 0.0;
}

template <typename T>
double TuckerMethod<T>::stored_entries() const {
    auto entries = static_cast<double>(current().size());
    for (const Matrix& factor : model_.factors) {
        entries += static_cast<double>(factor.values.size());
    }
    return entries;
}

template <typename T>
Index TuckerMethod<T>::steps_expected() const {
    return order() + (problem_.mask ? options_.completion_maximum_sweeps : options_.hooi_sweeps);
}

template <typename T>
std::vector<NamedValue> TuckerMethod<T>::report() const {
    std::vector<NamedValue> values = {{"objective", objective_}};
    if (steps_done_ > order()) {
        values.emplace_back("change", change_);
    }
    if (!problem_.mask) {
        values.emplace_back("error_bound", relative(discarded_));
    }
    values.emplace_back("compression",
                        static_cast<double>(problem_.observation.size()) / stored_entries());
    return values;
}

template <typename T>
std::vector<std::string> TuckerMethod<T>::take_remarks() {
    return std::exchange(remarks_, {});
}

template <typename T>
void TuckerMethod<T>::serialise(Archive& archive) {
    archive.value("steps_done", steps_done_);
    archive.value("finished", finished_);
    archive.value("converged", converged_);
    archive.value("by_qr", by_qr_);
    archive.value("squared_norm", squared_norm_);
    archive.value("discarded", discarded_);
    archive.value("objective", objective_);
    archive.value("change", change_);
    const Extents& shape = problem_.observation.shape();
    Extents core_shape = shape;
    for (int mode = 0; mode < order(); ++mode) {
        Matrix& factor = model_.factors[static_cast<std::size_t>(mode)];
        archive.value(fmt::format("factor_{}", mode), factor.values);
        archive.value(fmt::format("singular_values_{}", mode),
                      singular_values_[static_cast<std::size_t>(mode)]);
        factor.rows = shape[mode];
        factor.columns = static_cast<Index>(factor.values.size()) / shape[mode];
        core_shape[mode] = factor.columns > 0 ? factor.columns : shape[mode];
    }
    archive.value("completed_core", model_.core);
    if (steps_done_ == 0) {
        return;
    }
    if (archive.loading()) {
        const Partition partition(core_shape, problem_.observation.partition().grid());
        agree(problem_.observation.communicator(),
              [&] { core_.emplace("tucker core", partition); });
    }
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), core_->block());
    archive.block("core", {core_->shape(), core_->box()}, host.data());
    Kokkos::deep_copy(core_->block(), host);
}

template <typename T>
DenseTensor<T> TuckerMethod<T>::estimate() const {
    const Phase phase("tucker/estimate");
    return expand(current(), model_.factors);
}

template <typename T>
std::vector<Factor> TuckerMethod<T>::factors() const {
    const Communicator& communicator = problem_.observation.communicator();
    std::vector<Factor> result;
    const auto core = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), current().block());
    result.push_back(
        {"core", {current().shape(), current().box()}, {core.data(), core.data() + core.size()}});
    for (int mode = 0; mode < order(); ++mode) {
        const auto place = static_cast<std::size_t>(mode);
        const Matrix& factor = model_.factors[place];
        const std::vector<double>& spectrum = singular_values_[place];
        if (factor.columns == 0) {
            continue;
        }
        // Row-major extent x rank from the column-major matrix.
        result.push_back(replicated_factor(communicator, "factor_" + problem_.axes[place],
                                           {factor.rows, factor.columns},
                                           transposed(factor).values));
        result.push_back(replicated_factor(communicator, "singular_values_" + problem_.axes[place],
                                           {static_cast<Index>(spectrum.size())}, spectrum));
    }
    return result;
}

template class TuckerMethod<float>;
template class TuckerMethod<double>;

}  // namespace tessera
