#include "tessera/method/factor_networks/model_spectrum.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "singular_components.hpp"
#include "tessera/linalg/tall_qr.hpp"
#include "tessera/method/factor_networks/component_norms.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

template <typename T>
void send(const Communicator& communicator, std::vector<T>& values) {
    auto count = static_cast<Index>(values.size());
    communicator.broadcast(&count, 1);
    agree(communicator, [&] { values.resize(static_cast<std::size_t>(count)); });
    communicator.broadcast(values.data(), count);
}

/// What rank 0 has computed: on a mixed cluster the library may choose other kernels, and so other
/// bits, on other ranks.
void send(const Communicator& communicator, AnalysedModel& model, std::size_t lists) {
    model.spectrum.sizes.resize(lists);
    for (std::vector<double>& sizes : model.spectrum.sizes) {
        send(communicator, sizes);
    }
    send(communicator, model.spectrum.needed);
    communicator.broadcast(&model.spectrum.lost, 1);
    send(communicator, model.centre);
    auto count = static_cast<Index>(model.mixing.size());
    communicator.broadcast(&count, 1);
    model.mixing.resize(static_cast<std::size_t>(count));
    for (Matrix& mixing : model.mixing) {
        communicator.broadcast(&mixing.rows, 1);
        communicator.broadcast(&mixing.columns, 1);
        send(communicator, mixing.values);
    }
}

template <typename T>
AnalysedModel analyse_components(const ModelParts<T>& model, double tolerance) {
    ComponentNorms norms = component_norms(model);
    const Index needed = fewest_leading(norms.rest, tolerance);
    const Index kept = std::max<Index>(1, needed);
    AnalysedModel result;
    result.spectrum = {{std::move(norms.norms)}, {needed}, share_left(norms.rest, kept)};
    result.chosen.assign(norms.order.begin(), norms.order.begin() + kept);
    result.centre.assign(model.centre.size(), 0.0);
    std::transform(result.chosen.begin(), result.chosen.end(), result.centre.begin(),
                   [&](Index r) { return model.centre[static_cast<std::size_t>(r)]; });
    return result;
}

}  // namespace

Index ModelSpectrum::effective_rank() const {
    return *std::max_element(needed.begin(), needed.end());
}

std::vector<Index> ModelSpectrum::kept(std::size_t factors) const {
    std::vector<Index> widths(factors);
    for (std::size_t f = 0; f < factors; ++f) {
        widths[f] = std::max<Index>(1, needed[needed.size() == 1 ? 0 : f]);
    }
    return widths;
}

std::string ModelSpectrum::describe(bool pruned) const {
    std::vector<std::size_t> counts;
    for (const std::vector<double>& each : sizes) {
        counts.push_back(each.size());
    }
    return fmt::format(
        "effective rank {} of {}: without the other components {:.3g} % of the "
        "model's norm would be lost at most{}",
        fmt::join(needed, " x "), fmt::join(counts, " x "), 100.0 * lost,
        pruned ? "; they are left out" : "");
}

void ModelSpectrum::serialise(Archive& archive) {
    auto lists = static_cast<Index>(sizes.size());
    archive.value("lists", lists);
    sizes.resize(static_cast<std::size_t>(lists));
    for (std::size_t list = 0; list < sizes.size(); ++list) {
        archive.value(fmt::format("sizes_{}", list), sizes[list]);
    }
    archive.value("needed", needed);
    archive.value("lost", lost);
}

bool components_mix(const FactorLayout& layout, OutputActivation activation) {
    constexpr Index most_components = 2048;
    return layout.factors.size() == 2 && activation == OutputActivation::none &&
           layout.widths.front() <= most_components;
}

template <typename T>
AnalysedModel analyse_model(const ModelParts<T>& model, double tolerance) {
    const FactorLayout& layout = model.layout;
    const bool tucker = layout.form == FactorLayout::Form::tucker;
    if (!tucker && !model.mixable) {
        return analyse_components(model, tolerance);
    }
    std::vector<Matrix> triangles;
    for (const SlabMatrix<const T>& rows : model.own_rows) {
        TallQrRoute route{};
        triangles.push_back(tall_qr_r(rows, model.communicator, route));
    }
    AnalysedModel result;
    agree_on_rank_0(model.communicator, [&] {
        result = tucker ? unfolding_triplets(triangles, model.centre, tolerance)
                        : singular_triplets(triangles, model.centre, tolerance);
    });
    send(model.communicator, result, tucker ? layout.factors.size() : 1);
    return result;
}

template <typename T>
void reduce_rows(const AnalysedModel& analysed, std::size_t generator, Index width, T* rows,
                 Index count) {
    std::vector<double> sums(static_cast<std::size_t>(width));
    for (T* row = rows; row != rows + count * width; row += width) {
        std::fill(sums.begin(), sums.end(), 0.0);
        if (analysed.mixing.empty()) {
            std::transform(analysed.chosen.begin(), analysed.chosen.end(), sums.begin(),
                           [&](Index column) { return static_cast<double>(row[column]); });
        } else {
            const Matrix& mixing = analysed.mixing[generator];
            for (Index column = 0; column < mixing.columns; ++column) {
                double& sum = sums[static_cast<std::size_t>(column)];
                for (Index k = 0; k < width; ++k) {
                    sum += static_cast<double>(row[k]) * mixing(k, column);
                }
            }
        }
        std::transform(sums.begin(), sums.end(), row,
                       [](double value) { return static_cast<T>(value); });
    }
}

double analysis_bytes(const FactorLayout& layout, bool mixable) {
    const auto square = [](Index width) { return static_cast<double>(width * width); };
    if (layout.form == FactorLayout::Form::tucker) {
        // Triangles, and what QR needs for the next one; cores and the SVD of an unfolding.
        double triangles = 0.0;
        double widest = 0.0;
        for (const Index width : layout.widths) {
            triangles += square(width);
            widest = std::max(widest, square(width));
        }
        const auto core = static_cast<double>(layout.centre_size());
        return sizeof(double) * (triangles + std::max(5.0 * widest, 8.0 * core));
    }
    // Two triangles, each with its weights, their product, and its SVD.
    return mixable ? sizeof(double) * 12.0 * square(layout.widths.front())
                   : component_norms_bytes(layout.widths.front());
}

#define TESSERA_INSTANTIATE(T)                                             \
    template AnalysedModel analyse_model<T>(const ModelParts<T>&, double); \
    template void reduce_rows<T>(const AnalysedModel&, std::size_t, Index, T*, Index);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
