#include "tessera/method/nuclear_norm/nuclear_norm_choices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tessera/base/error.hpp"

namespace tessera {

NuclearNormOptions with_chosen_sampler(NuclearNormOptions options, const MatrixLayout& layout,
                                       bool masked) {
    using Sampler = NuclearNormOptions::Sampler;
    const bool plain = options.weights.empty();
    if (options.sampler == Sampler::svd_gibbs && !plain) {
        throw UsageError(
            "method.sampler = \"svd_gibbs\" knows no method.weights: use \"harmonic_flow\" or "
            "\"proximal\", or leave one of the two out");
    }
    if (options.sampler == Sampler::automatic) {
        constexpr Index most_entries = 4'000'000;
        const bool whole =
            layout.rows() * layout.columns() <= most_entries && options.ranks_per_matrix <= 1;
        options.sampler = whole && !masked && plain ? Sampler::svd_gibbs : Sampler::harmonic_flow;
    }
    return options;
}

std::vector<double> singular_value_weights(const NuclearNormOptions& options, Index columns) {
    const auto given = static_cast<Index>(options.weights.size());
    if (given > columns) {
        throw UsageError(fmt::format(
            "method.weights has {} numbers, but a matrix of {} columns has that many singular "
            "values only: give at most {}",
            given, columns, columns));
    }
    std::vector<double> weights(static_cast<std::size_t>(columns),
                                given > 0 ? options.weights.back() : 1.0);
    std::copy(options.weights.begin(), options.weights.end(), weights.begin());
    return weights;
}

}  // namespace tessera
