#include "tessera/method/cp/completion_method.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/base/random.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/tensor/dimension_tree.hpp"
#include "tessera/tensor/sparse_reductions.hpp"

namespace tessera {
namespace {

// Streams of random numbers: one per start, away from those of the corruptions.
constexpr std::uint32_t first_stream = 0x434D0000U;

/// Normal equations that a rank holds at a time: 32 MiB.
constexpr Index most_equations = Index{1} << 22;

std::vector<const double*> pointers_to(const std::vector<std::vector<double>>& rows) {
    std::vector<const double*> result;
    for (const std::vector<double>& mode_rows : rows) {
        result.push_back(mode_rows.data());
    }
    return result;
}

PartOffsets scaled(PartOffsets offsets, Index factor) {
    for (Index& offset : offsets) {
        offset *= factor;
    }
    return offsets;
}

}  // namespace

template <typename T>
CompletionMethod<T>::CompletionMethod(const SparseTensor<T>& observed,
                                      std::optional<Partition> dense, std::vector<std::string> axes,
                                      const CpOptions& options, std::uint64_t seed)
    : observed_(observed),
      dense_(std::move(dense)),
      axes_(std::move(axes)),
      options_(options),
      seed_(seed),
      squared_norm_(squared_norm(observed)),
      mean_square_(squared_norm_ / static_cast<double>(std::max<Index>(1, observed.entry_count()))),
      ridge_(options.ridge * std::pow(mean_square_, 1.0 - 1.0 / observed.order())) {
    for (int mode = 0; mode < observed_.order(); ++mode) {
        std::vector<bool> others(static_cast<std::size_t>(observed_.order()), true);
        others[static_cast<std::size_t>(mode)] = false;
        sharers_.push_back(observed_.partition().grid().along(others));
    }
    const Extents block = observed_.box().shape();
    agree(observed_.communicator(), [&] {
        for (int mode = 0; mode < observed_.order(); ++mode) {
            fibres_.emplace_back(observed_, mode);
            rows_.emplace_back(static_cast<std::size_t>(block[mode] * options_.rank), 0.0);
        }
        best_ = rows_;
    });
    const Extents empty = empty_slices(observed_);
    for (int mode = 0; mode < observed_.order(); ++mode) {
        if (empty[mode] > 0) {
            remarks_.push_back(fmt::format(
                "{} of {} slices of {} have no observed entry: they are completed with 0",
                empty[mode], observed_.shape()[mode], axes_[static_cast<std::size_t>(mode)]));
        }
    }
    begin_start();
}

template <typename T>
double CompletionMethod<T>::equation_bytes(const Extents& block_shape, Index rank) {
    // The sums of a batch of rows and the own part of them, which is all on one rank.
    Index rows = 0;
    for (int mode = 0; mode < block_shape.order(); ++mode) {
        rows = std::max(rows, block_shape[mode]);
    }
    const double numbers =
        static_cast<double>(rows) * static_cast<double>(normal_equations_size(rank));
    return 2.0 * sizeof(double) * std::min(numbers, static_cast<double>(most_equations));
}

template <typename T>
void CompletionMethod<T>::begin_start() {
    // Normal numbers of the size that gives the model the root mean square of the data: a sum of
    // `rank` products of `order` numbers of standard deviation s has standard deviation
    // sqrt(rank) s^order.
    const double scale = std::pow(mean_square_ / static_cast<double>(options_.rank),
                                  0.5 / static_cast<double>(observed_.order()));
    const Random random(seed_, first_stream + static_cast<std::uint32_t>(start_));
    for (int mode = 0; mode < observed_.order(); ++mode) {
        const Index first = observed_.box().begin[mode] * options_.rank;
        Index entry = first;
        for (double& value : rows_[static_cast<std::size_t>(mode)]) {
            value = scale * random.normal(entry++, static_cast<std::uint32_t>(mode));
        }
    }
    sweeps_ = 0;
}

template <typename T>
void CompletionMethod<T>::step() {
    const Phase phase("completion/sweep");
    double fitted = 0.0;
    for (int mode = 0; mode < observed_.order(); ++mode) {
        fitted = update(mode);
    }
    const double residual = std::max(0.0, squared_norm_ - fitted);
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
double CompletionMethod<T>::update(int mode) {
    const auto index = static_cast<std::size_t>(mode);
    const Communicator& sharers = sharers_[index];
    const Index rank = options_.rank;
    const Index size = normal_equations_size(rank);
    const Index rows = observed_.box().shape()[mode];
    const Index batch = std::max<Index>(1, most_equations / size);
    double fitted = 0.0;
    // The sharers have the same rows, so all of them make the same batches.
    for (Index first = 0; first < rows; first += batch) {
        const Index count = std::min(batch, rows - first);
        std::vector<double> sums;
        std::vector<double> own;
        std::vector<double> solved;
        const PartOffsets parts = even_parts(sharers, count);
        const auto part = static_cast<std::size_t>(sharers.rank());
        const Index own_count = parts[part + 1] - parts[part];
        sums.resize(static_cast<std::size_t>(count * size));
        own.resize(static_cast<std::size_t>(own_count * size));
        solved.resize(static_cast<std::size_t>(own_count * rank));
        {
            const Phase phase("completion/equations");
            normal_equations(fibres_[index], pointers_to(rows_), rank, first, first + count,
                             sums.data());
        }
        reduce_scatter_parts<double>(sharers, scaled(parts, size), sums.data(), own.data());
        fitted += solve_rows(own.data(), own_count, rank, ridge_, solved.data()).fitted;
        all_gather_parts<double>(sharers, scaled(parts, rank), solved.data(),
                                 rows_[index].data() + first * rank);
    }
    return observed_.communicator().sum(fitted);
}

template <typename T>
void CompletionMethod<T>::end_start(bool settled) {
    remarks_.push_back(fmt::format(
        "start {} of {}: fit of the observed entries {:.8f}, {} after {} sweeps", start_ + 1,
        options_.starts, fit_, settled ? "settled" : "not settled", sweeps_));
    if (start_ == 0 || fit_ > best_fit_) {
        best_ = rows_;
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
std::vector<NamedValue> CompletionMethod<T>::report() const {
    return {{"objective", 1.0 - fit_}, {"change", change_}, {"fit", fit_}};
}

template <typename T>
std::vector<std::string> CompletionMethod<T>::take_remarks() {
    return std::exchange(remarks_, {});
}

template <typename T>
void CompletionMethod<T>::serialise(Archive& archive) {
    archive.value("steps_done", steps_done_);
    archive.value("start", start_);
    archive.value("sweeps", sweeps_);
    archive.value("finished", finished_);
    archive.value("fit", fit_);
    archive.value("change", change_);
    archive.value("best_fit", best_fit_);
    archive.value("best_settled", best_settled_);
    serialise_rows(archive, "rows", rows_);
    serialise_rows(archive, "best", best_);
}

template <typename T>
void CompletionMethod<T>::serialise_rows(Archive& archive, const std::string& name, Rows& rows) {
    const ArchiveGroup group(archive, name);
    for (int mode = 0; mode < observed_.order(); ++mode) {
        const FactorRows layout(observed_.partition(), mode, options_.rank);
        std::vector<double>& block = rows[static_cast<std::size_t>(mode)];
        const auto begin = block.begin() + layout.own_offset();
        std::vector<double> own(begin, begin + layout.own().size() * options_.rank);
        archive.block("factor_" + std::to_string(mode), layout.place(), own.data());
        if (archive.loading()) {
            layout.gather(own.data(), block.data());
        }
    }
}

template <typename T>
ComponentModel CompletionMethod<T>::arranged() const {
    const auto rank = static_cast<std::size_t>(options_.rank);
    ComponentModel model(observed_.partition(), options_.rank);
    std::vector<double> weights(rank, 1.0);
    for (int mode = 0; mode < observed_.order(); ++mode) {
        const FactorRows& layout = model.layout(mode);
        const auto begin = answer()[static_cast<std::size_t>(mode)].begin() + layout.own_offset();
        std::vector<double> own(begin, begin + layout.own().size() * options_.rank);
        if (mode + 1 == observed_.order()) {  // the norms of the others go into the last factor
            for (std::size_t i = 0; i < own.size(); ++i) {
                own[i] *= weights[i % rank];
            }
        }
        model.set_own_rows(mode, std::move(own), 0.0);
        for (std::size_t r = 0; r < rank; ++r) {
            weights[r] *= model.weights()[r];
        }
    }
    model.arrange();
    return model;
}

template <typename T>
DenseTensor<T> CompletionMethod<T>::estimate() const {
    TESSERA_ASSERT(dense_.has_value(), "the estimate of sparse data is not formed as a whole");
    const Phase phase("completion/estimate");
    std::optional<DenseTensor<T>> result;
    agree(observed_.communicator(), [&] { result.emplace("completion estimate", *dense_); });
    const Extents block = observed_.box().shape();
    const int middle = dimension_tree_middle(block);
    std::vector<FactorView> views;
    for (int mode = 0; mode < observed_.order(); ++mode) {
        views.push_back({answer()[static_cast<std::size_t>(mode)].data(), block[mode]});
    }
    if (block.product() == 0) {
        return *result;
    }
    const auto host = Kokkos::create_mirror_view(Kokkos::HostSpace(), result->block());
    reconstruct(KhatriRao({views.begin(), views.begin() + middle}, options_.rank),
                std::vector<double>(static_cast<std::size_t>(options_.rank), 1.0),
                KhatriRao({views.begin() + middle, views.end()}, options_.rank), host.data());
    Kokkos::deep_copy(result->block(), host);
    return *result;
}

template <typename T>
std::vector<double> CompletionMethod<T>::predict(const SparseTensor<T>& at) const {
    std::vector<double> estimates(static_cast<std::size_t>(at.local_count()));
    predict_entries(at, pointers_to(answer()), options_.rank, estimates.data());
    return estimates;
}

template <typename T>
std::vector<Factor> CompletionMethod<T>::factors() const {
    return arranged().factors(axes_);
}

template class CompletionMethod<float>;
template class CompletionMethod<double>;

}  // namespace tessera
