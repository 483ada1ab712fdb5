#include "tessera/method/factor_networks/fit_route.hpp"

#include "tessera/tensor/listed_contraction.hpp"

namespace tessera {

PassCost pass_cost(const FactorLayout& layout, const Extents& shape, double observed_share) {
    // Only the sizes count.
    const float number = 0.0F;
    std::vector<FactorPart<float>> parts;
    for (std::size_t f = 0; f < layout.factors.size(); ++f) {
        parts.push_back(
            {&number, layout.factors[f].of(shape).product(), layout.widths[f], nullptr});
    }
    const FactorPart<float> centre{&number, 1, layout.centre_size(), nullptr};
    if (layout.form == FactorLayout::Form::tucker) {
        return {ListedContraction<float>::tucker(parts, centre).operations(observed_share),
                FusedContraction<float>::tucker(parts, centre).operations()};
    }
    parts.insert(parts.begin(), centre);
    return {ListedContraction<float>::components(parts).operations(observed_share),
            FusedContraction<float>::components(parts).operations()};
}

}  // namespace tessera
