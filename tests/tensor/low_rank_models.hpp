#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "tessera/tensor/fused_contraction.hpp"
#include "test_tensors.hpp"

/// Small low-rank models with all their numbers at hand, for the contractions to be tested with.

namespace tessera::test_support {

using Values = std::vector<double>;

/// Factors of a whole tensor, replicated; which modes each of them covers is told by `extents`.
struct Model {
    std::vector<Index> extents;
    std::vector<Index> widths;
    std::vector<Values> factors;
    Values core;     ///< Tucker only
    Values weights;  ///< CP only

    [[nodiscard]] bool tucker() const { return !core.empty(); }
    [[nodiscard]] Extents shape() const { return Extents(extents); }

    /// The tensor's entry, by the definition.
    [[nodiscard]] double entry(const Extents& position) const {
        const auto factor = [&](std::size_t f, Index r) {
            return factors[f]
                          [static_cast<std::size_t>(position[static_cast<int>(f)] * widths[f] + r)];
        };
        double sum = 0.0;
        const Index terms = tucker() ? static_cast<Index>(core.size()) : widths[0];
        for (Index term = 0; term < terms; ++term) {
            double product = tucker() ? core[static_cast<std::size_t>(term)]
                                      : weights[static_cast<std::size_t>(term)];
            Index rest = term;
            for (std::size_t f = factors.size(); f-- > 0;) {
                product *= factor(f, tucker() ? rest % widths[f] : term);
                rest /= widths[f];
            }
            sum += product;
        }
        return sum;
    }
};

inline Model random_model(Dice& dice, int order, bool tucker, Index most_entries = 2000) {
    Model model;
    const Extents shape = random_shape(dice, order, most_entries);
    const Index width = dice.between(1, 6);
    Index core = 1;
    for (int mode = 0; mode < order; ++mode) {
        model.extents.push_back(shape[mode]);
        model.widths.push_back(tucker ? dice.between(1, 3) : width);
        core *= model.widths.back();
        model.factors.push_back(random_entries<double>(
            shape[mode] * model.widths.back(), static_cast<std::uint64_t>(dice.between(1, 1000))));
    }
    if (tucker) {
        model.core = random_entries<double>(core, 5);
    } else {
        model.weights = random_entries<double>(width, 6);
    }
    return model;
}

/// Whole gradients: of each factor, then of the core or the weights.
struct Gradients {
    std::vector<Values> factors;
    Values centre;
};

inline Gradients zero_gradients(const Model& model) {
    Gradients gradients;
    for (const Values& factor : model.factors) {
        gradients.factors.emplace_back(factor.size(), 0.0);
    }
    gradients.centre.resize(model.tucker() ? model.core.size() : model.weights.size(), 0.0);
    return gradients;
}

/// The contraction of the rows of a box; gradients are added at the box's place in the whole ones.
template <typename Contraction>
Contraction contraction_of(const Model& model, const Box& box, Gradients& gradients) {
    std::vector<FactorPart<double>> parts;
    for (std::size_t f = 0; f < model.factors.size(); ++f) {
        const auto mode = static_cast<int>(f);
        const Index skip = box.begin[mode] * model.widths[f];
        parts.push_back({model.factors[f].data() + skip, box.shape()[mode], model.widths[f],
                         gradients.factors[f].data() + skip});
    }
    if (model.tucker()) {
        return Contraction::tucker(
            parts,
            {model.core.data(), 1, static_cast<Index>(model.core.size()), gradients.centre.data()});
    }
    parts.insert(parts.begin(),
                 {model.weights.data(), 1, model.widths[0], gradients.centre.data()});
    return Contraction::components(parts);
}

/// Whether two arrays agree, relative to the largest entry (or 1).
inline bool agree_to(const Values& a, const Values& b, double tolerance) {
    double worst = 0.0;
    double largest = 1.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        worst = std::max(worst, std::abs(a[i] - b[i]));
        largest = std::max(largest, std::abs(b[i]));
    }
    return worst <= tolerance * largest;
}

}  // namespace tessera::test_support
