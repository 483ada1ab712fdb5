#include "tessera/method/cp/cp_method.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/linalg/factor_updates.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/reductions.hpp"
#include "tessera/tensor/sparse_products.hpp"
#include "tessera/tensor/sparse_reductions.hpp"

namespace tessera {
namespace {

// Streams of random numbers: one per start, away from those of the corruptions.
constexpr std::uint32_t first_stream = 0x43500000U;

Index largest_extent(const Extents& shape) {
    Index largest = 0;
    for (int mode = 0; mode < shape.order(); ++mode) {
        largest = std::max(largest, shape[mode]);
    }
    return largest;
}

template <typename T>
DimensionTree<T> make_tree(const DenseTensor<T>& tensor, Index rank) {
    std::optional<DimensionTree<T>> tree;
    agree(tensor.communicator(), [&] { tree.emplace(tensor, rank); });
    return *std::move(tree);
}

std::vector<const double*> pointers_to(const std::vector<FactorView>& views) {
    std::vector<const double*> result;
    for (const FactorView& view : views) {
        result.push_back(view.data);
    }
    return result;
}

double inner_product(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

template <typename T>
CpMethod<T>::CpMethod(const Problem<T>& problem, const CpOptions& options, std::uint64_t seed)
    : communicator_(problem.observation.communicator()),
      axes_(problem.axes),
      options_(options),
      seed_(seed),
      data_(problem.observation),
      tree_(make_tree(problem.observation, options.rank)),
      squared_norm_(tessera::squared_norm(problem.observation)),
      model_(problem.observation.partition(), options.rank),
      best_(problem.observation.partition(), options.rank) {
    allocate_products(data_->block_shape());
    begin_start();
}

template <typename T>
CpMethod<T>::CpMethod(const SparseProblem<T>& problem, const CpOptions& options, std::uint64_t seed)
    : communicator_(problem.observation.communicator()),
      axes_(problem.axes),
      options_(options),
      seed_(seed),
      squared_norm_(tessera::squared_norm(problem.observation)),
      model_(problem.observation.partition(), options.rank),
      best_(problem.observation.partition(), options.rank) {
    const SparseTensor<T>& data = problem.observation;
    agree(communicator_, [&] {
        for (int mode = 0; mode < data.order(); ++mode) {
            fibres_.emplace_back(data, mode);
        }
    });
    allocate_products(data.box().shape());
    begin_start();
}

template <typename T>
void CpMethod<T>::allocate_products(const Extents& block_shape) {
    agree(communicator_, [&] {
        products_ =
            allocate_host<double>("cp products", largest_extent(block_shape) * options_.rank);
    });
}

template <typename T>
void CpMethod<T>::multiply(int mode) {
    if (tree_) {
        tree_->product(mode, model_.views(), products_.data());
        return;
    }
    const Phase phase("tensor/sparse_mttkrp");
    sparse_mttkrp(fibres_[static_cast<std::size_t>(mode)], pointers_to(model_.views()),
                  options_.rank, products_.data());
}

template <typename T>
void CpMethod<T>::begin_start() {
    model_.fill_randomly(seed_, first_stream + static_cast<std::uint32_t>(start_),
                         options_.nonnegative);
    sweeps_ = 0;
}

template <typename T>
void CpMethod<T>::step() {
    const Phase phase("cp/sweep");
    double inner = 0.0;
    for (int mode = 0; mode < model_.order(); ++mode) {
        inner = update(mode);
    }
    const double residual = std::max(0.0, squared_norm_ - 2.0 * inner + model_.squared_norm());
    const double fit = squared_norm_ > 0.0 ? 1.0 - std::sqrt(residual / squared_norm_) : 1.0;
    change_ = std::abs(fit - (sweeps_ == 0 ? 0.0 : fit_));
    fit_ = fit;
    ++steps_done_;
    ++sweeps_;
    const bool settled = change_ < options_.tolerance;
    if (settled || sweeps_ >= options_.maximum_steps) {
        end_start(settled);
    }
}

template <typename T>
double CpMethod<T>::update(int mode) {
    const Phase phase("cp/update");
    const FactorRows& layout = model_.layout(mode);
    multiply(mode);
    std::vector<double> rhs(static_cast<std::size_t>(layout.own().size() * options_.rank));
    layout.reduce(products_.data(), rhs.data());
    if (options_.nonnegative && sweeps_ == 0 && mode == 0) {
        scale_start(rhs);
    }
    const Matrix gram = model_.gram_product(mode);
    std::vector<double> rows = model_.own_rows(mode);
    if (options_.nonnegative) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i] *= model_.weights()[i % static_cast<std::size_t>(options_.rank)];
        }
        nonnegative_rows(rhs.data(), layout.own().size(), gram, rows.data());
    } else {
        multiply_rows(rhs.data(), layout.own().size(), pseudo_inverse(gram), rows.data());
    }
    const double own_inner = inner_product(rhs, rows);
    return model_.set_own_rows(mode, std::move(rows), own_inner);
}

template <typename T>
void CpMethod<T>::scale_start(const std::vector<double>& rhs) {
    const double inner = communicator_.sum(inner_product(rhs, model_.own_rows(0)));
    const double norm = model_.squared_norm();
    if (inner > 0.0 && norm > 0.0) {
        model_.scale(inner / norm);
    }
}

template <typename T>
void CpMethod<T>::end_start(bool settled) {
    model_.arrange();
    remarks_.push_back(fmt::format("start {} of {}: fit {:.8f}, {} after {} sweeps", start_ + 1,
                                   options_.starts, fit_, settled ? "settled" : "not settled",
                                   sweeps_));
    if (start_ == 0 || fit_ > best_fit_) {
        best_ = model_;
        best_fit_ = fit_;
        best_settled_ = settled;
    }
    ++start_;
    finished_ = start_ == options_.starts;
    if (finished_) {
        fit_ = best_fit_;
    } else {
        begin_start();
    }
}

template <typename T>
std::vector<NamedValue> CpMethod<T>::report() const {
    return {{"objective", 1.0 - fit_}, {"change", change_}, {"fit", fit_}};
}

template <typename T>
std::vector<std::string> CpMethod<T>::take_remarks() {
    return std::exchange(remarks_, {});
}

template <typename T>
void CpMethod<T>::serialise(Archive& archive) {
    archive.value("steps_done", steps_done_);
    archive.value("start", start_);
    archive.value("sweeps", sweeps_);
    archive.value("finished", finished_);
    archive.value("fit", fit_);
    archive.value("change", change_);
    archive.value("best_fit", best_fit_);
    archive.value("best_settled", best_settled_);
    {
        const ArchiveGroup group(archive, "model");
        model_.serialise(archive);
    }
    const ArchiveGroup group(archive, "best");
    best_.serialise(archive);
}

template <typename T>
DenseTensor<T> CpMethod<T>::estimate() const {
    TESSERA_ASSERT(tree_.has_value(), "the estimate of sparse data is not formed as a whole");
    const Phase phase("cp/estimate");
    std::optional<DenseTensor<T>> result;
    agree(communicator_, [&] { result.emplace("cp estimate", data_->partition()); });
    const auto host = Kokkos::create_mirror_view(Kokkos::HostSpace(), result->block());
    tree_->estimate(answer().views(), answer().weights(), host.data());
    Kokkos::deep_copy(result->block(), host);
    return *result;
}

template <typename T>
std::vector<double> CpMethod<T>::predict(const SparseTensor<T>& at) const {
    std::vector<FactorView> views = answer().views();
    std::vector<double> first(views[0].data, views[0].data + views[0].rows * options_.rank);
    for (std::size_t i = 0; i < first.size(); ++i) {  // the weights, which are no part of factors
        first[i] *= answer().weights()[i % static_cast<std::size_t>(options_.rank)];
    }
    views[0].data = first.data();
    std::vector<double> estimates(static_cast<std::size_t>(at.local_count()));
    predict_entries(at, pointers_to(views), options_.rank, estimates.data());
    return estimates;
}

template <typename T>
std::vector<Factor> CpMethod<T>::factors() const {
    return answer().factors(axes_);
}

template class CpMethod<float>;
template class CpMethod<double>;

}  // namespace tessera
