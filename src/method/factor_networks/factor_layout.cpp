#include "tessera/method/factor_networks/factor_layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "tessera/base/error.hpp"
#include "tessera/problem/axis_roles.hpp"

namespace tessera {
namespace {

using Contraction = FactorNetworksOptions::Contraction;

/// The first of two neighbouring modes named rows and cols; -1: there are none.
int image_modes(const std::vector<std::string>& axes) {
    for (std::size_t mode = 0; mode + 1 < axes.size(); ++mode) {
        // Alone, an axis has the role only if it bears its name.
        if (axis_roles({axes[mode]}, 1).rows == 0 && axis_roles({axes[mode + 1]}, 1).cols == 0) {
            return static_cast<int>(mode);
        }
    }
    return -1;
}

Contraction resolve(Contraction wanted, const Extents& shape,
                    const std::vector<std::string>& axes) {
    if (wanted != Contraction::automatic) {
        return wanted;
    }
    if (shape.order() == 2) {
        return Contraction::matrix;
    }
    return image_modes(axes) >= 0 ? Contraction::image : Contraction::cp;
}

/// Of one mode, or of two, each twice.
bool is_square(const Extents& shape) {
    return shape.order() == 2 ? shape[0] == shape[1]
                              : shape.order() == 4 && shape[0] == shape[2] && shape[1] == shape[3];
}

void check_form(Contraction contraction, const Extents& shape,
                const std::vector<std::string>& axes) {
    const int order = shape.order();
    if (order < 2 || order > 5) {
        throw UsageError(fmt::format(
            "method factor_networks needs a tensor of order 2 to 5; this one ({}) has order {}",
            shape.to_string(), order));
    }
    if (contraction == Contraction::matrix && order != 2) {
        throw UsageError(fmt::format(
            "method.contraction = \"matrix\" needs a matrix, but the data are {}: fold them with "
            "data.shape, or use \"cp\"",
            shape.to_string()));
    }
    if (contraction == Contraction::symmetric && !is_square(shape)) {
        throw UsageError(fmt::format(
            "method.contraction = \"symmetric\" needs a square matrix, or one of pixels with the "
            "pixels' two axes twice, but the data are {}: data.covariance_over makes such",
            shape.to_string()));
    }
    if (contraction == Contraction::image && (image_modes(axes) < 0 || order < 3)) {
        throw UsageError(fmt::format(
            "method.contraction = \"2d1d\" needs the axes rows and cols side by side and one more, "
            "but the axes are {}: name them in data.axes or reorder them with data.order",
            fmt::join(axes, ", ")));
    }
    if (contraction == Contraction::full && order > 3) {
        throw UsageError(fmt::format(
            "method.contraction = \"full\" needs 2 or 3 axes, for networks have no more, but the "
            "data are {}: fold them with data.shape, or use \"cp\"",
            shape.to_string()));
    }
}

std::vector<FactorModes> group(Contraction contraction, const Extents& shape,
                               const std::vector<std::string>& axes) {
    if (contraction == Contraction::full) {
        return {{0, shape.order()}};
    }
    if (contraction == Contraction::symmetric) {
        const int half = shape.order() / 2;
        return {{0, half}, {half, shape.order()}};
    }
    const int image = contraction == Contraction::image ? image_modes(axes) : -1;
    std::vector<FactorModes> factors;
    for (int mode = 0; mode < shape.order(); ++mode) {
        factors.push_back({mode, mode == image ? mode + 2 : mode + 1});
        mode = factors.back().last - 1;
    }
    return factors;
}

std::vector<Index> tucker_ranks(const FactorNetworksOptions& options, const Extents& shape) {
    std::vector<Index> ranks = options.ranks;
    for (int mode = 0;
         ranks.size() < static_cast<std::size_t>(shape.order()) && options.ranks.empty(); ++mode) {
        ranks.push_back(std::min(options.rank, shape[mode]));
    }
    if (ranks.size() != static_cast<std::size_t>(shape.order())) {
        throw UsageError(fmt::format(
            "method.ranks has {} numbers, but the data have {} modes: give one rank per mode",
            ranks.size(), shape.order()));
    }
    for (int mode = 0; mode < shape.order(); ++mode) {
        if (ranks[static_cast<std::size_t>(mode)] > shape[mode]) {
            throw UsageError(fmt::format(
                "method.ranks asks for rank {} in a mode of {} slices: give a rank of at most {}",
                ranks[static_cast<std::size_t>(mode)], shape[mode], shape[mode]));
        }
    }
    return ranks;
}

/// The factor of one mode, the shorter one where both have one.
std::size_t basis_factor(const FactorLayout& layout, const Extents& shape,
                         const FactorNetworksOptions& options) {
    if (layout.form != FactorLayout::Form::components || layout.factors.size() != 2) {
        throw UsageError(
            "method.basis = \"svd\" is for models of two factors: a matrix, or 2d1d of three axes");
    }
    if (options.generator.activation != OutputActivation::none) {
        throw UsageError(
            "method.basis = \"svd\" makes factors of any sign: leave method.activation at "
            "\"none\"");
    }
    const auto length = [&](std::size_t factor) {
        return layout.factors[factor].of(shape).product();
    };
    const std::size_t basis = layout.spread(0) || (!layout.spread(1) && length(1) <= length(0));
    if (options.rank > length(basis)) {
        throw UsageError(fmt::format(
            "method.basis = \"svd\": there are {} singular vectors, fewer than method.rank = {}",
            length(basis), options.rank));
    }
    return basis;
}

/// Which factors have no activation.
std::vector<bool> factors_of_any_sign(const FactorLayout& layout,
                                      const std::vector<std::string>& axes,
                                      const std::vector<std::string>& names) {
    std::vector<bool> any_sign(layout.factors.size(), false);
    for (const std::string& name : names) {
        const auto mode =
            static_cast<int>(std::find(axes.begin(), axes.end(), name) - axes.begin());
        const auto factor = std::find_if(
            layout.factors.begin(), layout.factors.end(),
            [mode](const FactorModes& modes) { return modes.first <= mode && mode < modes.last; });
        if (factor == layout.factors.end()) {
            throw UsageError(fmt::format("method.any_sign names {}, but the axes are {}", name,
                                         fmt::join(axes, ", ")));
        }
        any_sign[static_cast<std::size_t>(factor - layout.factors.begin())] = true;
    }
    if (layout.form == FactorLayout::Form::symmetric ||
        std::find(any_sign.begin(), any_sign.end(), false) == any_sign.end()) {
        throw UsageError(
            "method.any_sign leaves no factor to method.activation: name fewer axes, or set "
            "method.activation = \"none\"");
    }
    return any_sign;
}

}  // namespace

Extents FactorModes::of(const Extents& extents) const {
    std::vector<Index> values;
    for (int mode = first; mode < last; ++mode) {
        values.push_back(extents[mode]);
    }
    return Extents(values);
}

bool FactorLayout::has_image() const {
    return std::any_of(factors.begin(), factors.end(),
                       [](const FactorModes& modes) { return modes.count() > 1; });
}

GeneratorOptions FactorLayout::generator(GeneratorOptions network, std::size_t factor) const {
    if (factor == basis) {
        network.kind = GeneratorKind::free_factor;
    }
    if (!any_sign.empty() && any_sign[factor]) {
        network.activation = OutputActivation::none;
    }
    return network;
}

Index FactorLayout::centre_size() const {
    Index size = form == Form::tucker ? 1 : widths.front();
    for (std::size_t f = 0; f < widths.size() && form == Form::tucker; ++f) {
        size *= widths[f];
    }
    return size;
}

std::string FactorLayout::describe(const std::vector<std::string>& axes) const {
    std::vector<std::string> names;
    for (const FactorModes& modes : factors) {
        names.push_back(fmt::format(
            "{}", fmt::join(axes.begin() + modes.first, axes.begin() + modes.last, " and ")));
    }
    if (factors.size() == 1) {
        return fmt::format("one network for the whole tensor: {}", names.front());
    }
    const std::string_view what = form == Form::symmetric ? "symmetric model"
                                  : form == Form::tucker  ? "Tucker model"
                                  : factors.size() == 2   ? "matrix model"
                                                          : "CP model";
    return form == Form::tucker
               ? fmt::format("{}: {}; ranks {}", what, fmt::join(names, " by "),
                             fmt::join(widths, ", "))
               : fmt::format("{}: {}; rank {}", what, fmt::join(names, " by "), widths.front());
}

FactorLayout choose_factor_layout(const Extents& shape, const std::vector<std::string>& axes,
                                  const FactorNetworksOptions& options) {
    const Contraction contraction = resolve(options.contraction, shape, axes);
    check_form(contraction, shape, axes);
    FactorLayout layout;
    layout.factors = group(contraction, shape, axes);
    if (contraction == Contraction::tucker) {
        layout.form = FactorLayout::Form::tucker;
        layout.widths = tucker_ranks(options, shape);
    } else {
        layout.form = contraction == Contraction::symmetric ? FactorLayout::Form::symmetric
                                                            : FactorLayout::Form::components;
        layout.widths.assign(layout.factors.size(),
                             contraction == Contraction::full ? Index{1} : options.rank);
        layout.learned_weights = layout.factors.size() > 2;
    }
    if (options.basis == FactorNetworksOptions::Basis::singular_vectors) {
        layout.basis = basis_factor(layout, shape, options);
    }
    if (!options.any_sign.empty()) {
        layout.any_sign = factors_of_any_sign(layout, axes, options.any_sign);
    }
    return layout;
}

void check_grid(const FactorLayout& layout, const Extents& grid,
                const std::vector<std::string>& axes) {
    for (std::size_t f = 0; f < layout.factors.size(); ++f) {
        const FactorModes& modes = layout.factors[f];
        for (int mode = modes.first + 1; mode < modes.last && !layout.spread(f); ++mode) {
            if (grid[mode] > 1) {
                throw UsageError(fmt::format(
                    "parallel.grid cuts {}, but a symmetric model of images can be cut along {} "
                    "alone: leave parallel.grid out",
                    axes[static_cast<std::size_t>(mode)],
                    fmt::join({axes[static_cast<std::size_t>(layout.factors.front().first)],
                               axes[static_cast<std::size_t>(layout.factors.back().first)]},
                              " and ")));
            }
        }
    }
}

void check_extents(const FactorLayout& layout, const Extents& shape,
                   const std::vector<std::string>& axes, const GeneratorOptions& generator) {
    // A convolution of stride 2 must leave two sites in each mode.
    constexpr Index fewest = 3;
    for (std::size_t f = 0; f < layout.generators(); ++f) {
        const FactorModes& modes = layout.factors[f];
        if (layout.generator(generator, f).kind != GeneratorKind::skip_network) {
            continue;
        }
        for (int mode = modes.first; mode < modes.last; ++mode) {
            if (shape[mode] < fewest) {
                throw UsageError(fmt::format(
                    "method.network = \"skip\" needs at least {} positions along each axis, but "
                    "{} has {}: take network = \"sine\" or \"free\"",
                    fewest, axes[static_cast<std::size_t>(mode)], shape[mode]));
            }
        }
    }
}

}  // namespace tessera
