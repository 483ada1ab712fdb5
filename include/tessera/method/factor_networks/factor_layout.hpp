#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/method/factor_networks/factor_networks_options.hpp"

namespace tessera {

/// Consecutive modes first..last-1 of the tensor whose positions are the rows of one factor.
struct FactorModes {
    int first = 0;
    int last = 0;

    [[nodiscard]] int count() const { return last - first; }
    /// The entries of these modes.
    [[nodiscard]] Extents of(const Extents& extents) const;
};

/// How a tensor is made of factors.
struct FactorLayout {
    enum class Form { components, symmetric, tucker };

    Form form = Form::components;
    std::vector<FactorModes> factors;
    std::vector<Index> widths;     ///< columns of each factor
    bool learned_weights = false;  ///< of the components
    std::vector<bool> any_sign;    ///< of each factor: whether it has no activation; empty: none
    /// The factor that is singular vectors of the data and has no network.
    std::optional<std::size_t> basis;

    /// Whether a factor's network is shared out over the ranks in space: an image-like one, but not
    /// that of a symmetric form, where the blocks' columns need other rows than their rows.
    [[nodiscard]] bool spread(std::size_t factor) const {
        return factors[factor].count() > 1 && form != Form::symmetric;
    }
    /// Whether a factor covers several modes.
    [[nodiscard]] bool has_image() const;
    /// Factors that have a generator of their own: a symmetric form has one for both.
    [[nodiscard]] std::size_t generators() const {
        return form == Form::symmetric ? 1 : factors.size();
    }
    /// What makes a factor where networks are made of `network`.
    [[nodiscard]] GeneratorOptions generator(GeneratorOptions network, std::size_t factor) const;
    /// Whether a factor is fitted.
    [[nodiscard]] bool learns(std::size_t factor) const { return factor != basis; }
    /// Whether the weights or the core are fitted.
    [[nodiscard]] bool learns_centre() const { return learned_weights || form == Form::tucker; }
    /// Entries of the core, or of the vector of weights.
    [[nodiscard]] Index centre_size() const;
    /// "rows and cols by bands, rank 20".
    [[nodiscard]] std::string describe(const std::vector<std::string>& axes) const;
};

/// `contraction = "auto"` takes a matrix for two modes; a 2-D factor for rows and cols side by side
/// and one factor for each other mode; CP otherwise. Throws UsageError where the tensor does not
/// have the form that was asked for, or a rank is too large.
[[nodiscard]] FactorLayout choose_factor_layout(const Extents& shape,
                                                const std::vector<std::string>& axes,
                                                const FactorNetworksOptions& options);

/// Throws UsageError where a process grid cuts a factor that is not shared out across its rows.
void check_grid(const FactorLayout& layout, const Extents& grid,
                const std::vector<std::string>& axes);

/// Throws UsageError where an axis is too short for the network that makes its factor.
void check_extents(const FactorLayout& layout, const Extents& shape,
                   const std::vector<std::string>& axes, const GeneratorOptions& generator);

}  // namespace tessera
