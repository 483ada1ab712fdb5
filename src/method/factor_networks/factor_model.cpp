#include "tessera/method/factor_networks/factor_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tessera/base/random.hpp"
#include "tessera/method/replicated_factor.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

// Of random numbers, for the core.
constexpr std::uint32_t core_stream = 0x464E434FU;

/// Changes with every bit of the values.
template <typename T>
std::int64_t checksum(const HostView<T>& values) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, &values(i), sizeof(T));
        sum = (sum ^ bits) * 0x9E3779B97F4A7C15U;
        sum ^= sum >> 29U;
    }
    return static_cast<std::int64_t>(sum >> 1U);
}

std::string names_of(const FactorModes& modes, const std::vector<std::string>& axes) {
    return fmt::format("{}", fmt::join(axes.begin() + modes.first, axes.begin() + modes.last, "_"));
}

/// The entries of a row-major array that lie in an array of `part` at its beginning.
template <typename T>
std::vector<double> corner(const std::vector<T>& values, const Extents& shape,
                           const Extents& part) {
    std::vector<double> result;
    result.reserve(static_cast<std::size_t>(part.product()));
    for (Index offset = 0; offset < part.product(); ++offset) {
        const Index from = row_major_offset(row_major_position(offset, part), shape);
        result.push_back(static_cast<double>(values[static_cast<std::size_t>(from)]));
    }
    return result;
}

}  // namespace

template <typename T>
FactorModel<T>::FactorModel(const UnevenPartition& partition, const FactorLayout& layout,
                            const FactorNetworksOptions& options, double scale, std::uint64_t seed)
    : communicator_(partition.communicator()),
      layout_(layout),
      mixable_(components_mix(layout, options.generator.activation)),
      scale_(scale),
      centre_adam_(options.adam) {
    for (std::size_t f = 0; f < layout.generators(); ++f) {
        GeneratorOptions generator = layout.generator(
            options.generator_for(layout.has_image() || layout.learned_weights), f);
        // Free factors make a model a tenth of the size of the data, sqrt(rank) s^order, and grow
        // into them: from a larger start Adam gets lost for thousands of steps.
        generator.free_scale =
            layout.form == FactorLayout::Form::tucker
                ? 1.0 / std::sqrt(static_cast<double>(layout.widths[f]))
                : std::pow(0.1 / std::sqrt(static_cast<double>(layout.widths[f])),
                           1.0 / static_cast<double>(layout.factors.size()));
        factors_.emplace_back(partition, layout.factors[f], layout.spread(f), layout.widths[f],
                              generator, options.adam, seed, fmt::format("factor {}", f));
    }
    agree(communicator_, [&] {
        centre_.add("centre", layout.centre_size());
        centre_.allocate("centre");
        centre_gradient_.assign(static_cast<std::size_t>(layout.centre_size()), 0.0);
        centre_row_.assign(static_cast<std::size_t>(layout.centre_size()), T{0});
        for (std::size_t f = 0; f < factors_.size() && options.backtrack > 0.0; ++f) {
            factors_[f].allocate_kept(fmt::format("factor {}", f));
        }
        if (options.backtrack > 0.0) {
            centre_.allocate_kept("centre");
        }
    });
    start_centre(seed, options.generator.activation != OutputActivation::none &&
                           layout.any_sign.empty() &&
                           options.generator.kind != GeneratorKind::free_factor);
}

template <typename T>
void FactorModel<T>::start_centre(std::uint64_t seed, bool sums_add_up) {
    const HostView<T>& value = centre_.value();
    const Random random(seed, core_stream);
    // Weights 1 / rank for CP, and where networks make nonnegative numbers of the order of 1, whose
    // products add up: the model would start at rank times the data. The core as in Luo et al. 2023
    // (LRTFR): uniform, of the size that the first rank gives it.
    const double size = layout_.form == FactorLayout::Form::tucker
                            ? 1.0 / std::sqrt(static_cast<double>(layout_.widths.front()))
                        : layout_.learned_weights || sums_add_up
                            ? 1.0 / static_cast<double>(layout_.widths.front())
                            : 1.0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const double number = layout_.form == FactorLayout::Form::tucker
                                  ? 2.0 * random.uniform(static_cast<Index>(i)) - 1.0
                                  : 1.0;
        value(i) = static_cast<T>(size * number);
    }
}

template <typename T>
void FactorModel<T>::set_basis(const SingularBasis& basis) {
    factors_[layout_.basis.value()].fix_at(basis.rows);
    std::transform(basis.sizes.begin(), basis.sizes.end(), centre_.value().data(),
                   [this](double size) { return static_cast<T>(size / scale_); });
}

template <typename T>
void FactorModel<T>::forward(std::int64_t step) {
    for (NetworkFactor<T>& factor : factors_) {
        factor.forward(step);
    }
    const T* centre = centre_.value().data();
    std::transform(centre, centre + centre_.size(), centre_row_.begin(),
                   [this](T value) { return static_cast<T>(scale_) * value; });
    std::fill(centre_gradient_.begin(), centre_gradient_.end(), 0.0);
}

template <typename T>
template <typename Contraction>
Contraction FactorModel<T>::contract(const RowPointers& rows,
                                     const std::vector<double*>& gradients) const {
    std::vector<FactorPart<T>> parts;
    for (std::size_t f = 0; f < layout_.factors.size(); ++f) {
        const std::size_t g = generator_of(f);
        parts.push_back(factors_[g].part(rows[g], layout_.factors[f].first, gradients[g]));
    }
    const FactorPart<T> centre{rows.back(), 1, layout_.centre_size(),
                               layout_.learns_centre() ? gradients.back() : nullptr};
    if (layout_.form == FactorLayout::Form::tucker) {
        return Contraction::tucker(std::move(parts), centre);
    }
    parts.insert(parts.begin(), centre);
    return Contraction::components(std::move(parts));
}

template <typename T>
template <typename Contraction>
Contraction FactorModel<T>::contract() {
    RowPointers rows;
    std::vector<double*> gradients;
    for (NetworkFactor<T>& factor : factors_) {
        rows.push_back(factor.rows());
        gradients.push_back(factor.gradient());
    }
    rows.push_back(centre_row_.data());
    gradients.push_back(centre_gradient_.data());
    return contract<Contraction>(rows, gradients);
}

template <typename T>
template <typename Contraction>
Contraction FactorModel<T>::contract(const Rows& rows) const {
    RowPointers pointers;
    for (const std::vector<T>& values : rows) {
        pointers.push_back(values.data());
    }
    return contract<Contraction>(pointers, std::vector<double*>(rows.size(), nullptr));
}

template <typename T>
typename FactorModel<T>::Rows FactorModel<T>::rows() const {
    Rows result;
    average_into(result, 0.0);
    return result;
}

template <typename T>
void FactorModel<T>::average_into(Rows& kept, double decay) const {
    const bool first = kept.empty();
    kept.resize(factors_.size() + 1);
    for (std::size_t f = 0; f < kept.size(); ++f) {
        const bool centre = f == factors_.size();
        const T* from = centre ? centre_row_.data() : factors_[f].rows();
        const Index size = centre ? layout_.centre_size() : factors_[f].size();
        if (first || decay == 0.0) {
            kept[f].assign(from, from + size);
            continue;
        }
        const auto share = static_cast<T>(1.0 - decay);
        std::transform(kept[f].begin(), kept[f].end(), from, kept[f].begin(),
                       [share](T old, T value) { return old + share * (value - old); });
    }
}

template <typename T>
void FactorModel<T>::backward(double scale) {
    for (NetworkFactor<T>& factor : factors_) {
        factor.backward(scale);
    }
    if (layout_.learns_centre()) {
        communicator_.sum_in_place(centre_gradient_.data(),
                                   static_cast<Index>(centre_gradient_.size()));
        std::transform(centre_gradient_.begin(), centre_gradient_.end(), centre_.gradient().data(),
                       [&](double value) { return static_cast<T>(scale * scale_ * value); });
    }
}

template <typename T>
void FactorModel<T>::update(double step_size) {
    for (NetworkFactor<T>& factor : factors_) {
        factor.update(step_size);
    }
    if (layout_.learns_centre()) {
        centre_adam_.step(centre_, step_size);
    }
}

template <typename T>
void FactorModel<T>::keep() {
    for (NetworkFactor<T>& factor : factors_) {
        factor.keep();
    }
    centre_.keep();
}

template <typename T>
void FactorModel<T>::restore() {
    for (NetworkFactor<T>& factor : factors_) {
        factor.restore();
    }
    centre_.restore();
    centre_adam_.restart();
}

template <typename T>
AnalysedModel FactorModel<T>::analyse(const Rows& rows, double tolerance) const {
    ModelParts<T> parts{communicator_, layout_, mixable_, {}, {}};
    for (std::size_t f = 0; f < factors_.size(); ++f) {
        const Index width = layout_.widths[f];
        parts.own_rows.push_back(
            {rows[f].data(), factors_[f].place().box.size() / width, width, 1});
    }
    parts.centre.assign(rows.back().begin(), rows.back().end());
    return analyse_model(parts, tolerance);
}

template <typename T>
void FactorModel<T>::reduce(const AnalysedModel& analysed, Rows& rows) const {
    for (std::size_t f = 0; f < factors_.size(); ++f) {
        const Index width = layout_.widths[f];
        reduce_rows(analysed, f, width, rows[f].data(), factors_[f].size() / width);
    }
    std::transform(analysed.centre.begin(), analysed.centre.end(), rows.back().begin(),
                   [](double value) { return static_cast<T>(value); });
}

template <typename T>
std::vector<Factor> FactorModel<T>::factors(const Rows& rows,
                                            const std::optional<ModelSpectrum>& spectrum,
                                            bool reduced,
                                            const std::vector<std::string>& axes) const {
    const bool tucker = layout_.form == FactorLayout::Form::tucker;
    const std::vector<Index> widths =
        reduced ? spectrum->kept(layout_.widths.size()) : layout_.widths;
    std::vector<Factor> result;
    const auto add_replicated = [&](std::string name, const Extents& shape,
                                    std::vector<double> values) {
        result.push_back(
            replicated_factor(communicator_, std::move(name), shape, std::move(values)));
    };
    for (std::size_t f = 0; f < factors_.size(); ++f) {
        BlockPlace place = factors_[f].place();
        const Index count = place.box.size() / layout_.widths[f];
        const int last = place.shape.order() - 1;
        place.shape[last] = widths[f];
        place.box.end[last] = count > 0 ? widths[f] : place.box.begin[last];
        result.push_back({"factor_" + names_of(layout_.factors[f], axes), place,
                          corner(rows[f], {count, layout_.widths[f]}, {count, widths[f]})});
    }
    const Extents whole = tucker ? Extents(layout_.widths) : Extents{layout_.centre_size()};
    const Extents kept = tucker ? Extents(widths) : Extents{widths.front()};
    add_replicated(tucker ? "core" : "weights", kept, corner(rows.back(), whole, kept));
    for (std::size_t list = 0; spectrum && list < spectrum->sizes.size(); ++list) {
        const std::vector<double>& sizes = spectrum->sizes[list];
        add_replicated(tucker     ? "singular_values_" + names_of(layout_.factors[list], axes)
                       : mixable_ ? "singular_values"
                                  : "component_norms",
                       {static_cast<Index>(sizes.size())}, sizes);
    }
    return result;
}

template <typename T>
void FactorModel<T>::serialise(Archive& archive) {
    for (std::size_t f = 0; f < factors_.size(); ++f) {
        const ArchiveGroup group(archive, fmt::format("factor_{}", f));
        factors_[f].serialise(archive);
    }
    const ArchiveGroup group(archive, "centre");
    centre_adam_.serialise(archive);
    centre_.serialise(archive);
}

template <typename T>
void FactorModel<T>::serialise_rows(Archive& archive, const std::string& name, Rows& rows) const {
    bool kept = !rows.empty();
    const ArchiveGroup group(archive, name);
    archive.value("kept", kept);
    if (!kept) {
        rows.clear();
        return;
    }
    rows.resize(factors_.size() + 1);
    for (std::size_t f = 0; f < factors_.size(); ++f) {
        rows[f].resize(static_cast<std::size_t>(factors_[f].size()));
        factors_[f].serialise_rows(archive, fmt::format("factor_{}", f), rows[f].data());
    }
    std::vector<double> centre(rows.back().begin(), rows.back().end());
    archive.value("centre", centre);
    rows.back().resize(centre.size());
    std::transform(centre.begin(), centre.end(), rows.back().begin(),
                   [](double value) { return static_cast<T>(value); });
}

template <typename T>
bool FactorModel<T>::in_step() const {
    std::vector<std::int64_t> sums = {checksum(centre_.value())};
    for (std::size_t f = 0; f < factors_.size(); ++f) {
        const ParameterStore<T>& parameters = factors_[f].parameters();
        // What is spread over the ranks differs, of course.
        const Index shared = layout_.spread(f) ? parameters.shared_size() : parameters.size();
        sums.push_back(
            checksum(HostView<T>(parameters.value().data(), static_cast<std::size_t>(shared))));
    }
    std::vector<std::int64_t> largest = sums;
    communicator_.max_in_place(largest.data(), static_cast<Index>(largest.size()));
    communicator_.min_in_place(sums.data(), static_cast<Index>(sums.size()));
    return sums == largest;
}

template <typename T>
std::vector<std::string> FactorModel<T>::describe(const std::vector<std::string>& axes) const {
    std::vector<std::string> sentences;
    for (std::size_t f = 0; f < factors_.size(); ++f) {
        const FactorModes& modes = layout_.factors[f];
        sentences.push_back(
            fmt::format("factor of {}: {}",
                        fmt::join(axes.begin() + modes.first, axes.begin() + modes.last, " and "),
                        factors_[f].describe()));
    }
    return sentences;
}

#define TESSERA_INSTANTIATE(T)                                                                     \
    template class FactorModel<T>;                                                                 \
    template FusedContraction<T> FactorModel<T>::contract<FusedContraction<T>>();                  \
    template ListedContraction<T> FactorModel<T>::contract<ListedContraction<T>>();                \
    template FusedContraction<T> FactorModel<T>::contract<FusedContraction<T>>(const Rows&) const; \
    template ListedContraction<T> FactorModel<T>::contract<ListedContraction<T>>(const Rows&) const;
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
