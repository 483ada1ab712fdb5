#include "tessera/method/nuclear_norm/nuclear_norm_choices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tessera/base/error.hpp"

namespace tessera {

namespace {

using Likelihood = NuclearNormOptions::Likelihood;
using Sampler = NuclearNormOptions::Sampler;

void check_counts(const NuclearNormOptions& options, bool counts) {
    if (!counts) {
        throw UsageError(
            "method.likelihood = \"poisson\" needs the counts at value 1: give data.noise = "
            "\"poisson\" with data.noise_peak");
    }
    if (options.infer_noise || !options.noise_sigma.empty()) {
        throw UsageError(
            "the noise of counts has no level of its own: leave out method.infer_noise and "
            "method.noise_sigma, or give method.likelihood = \"gaussian\"");
    }
    if (options.sampler == Sampler::svd_gibbs || options.sampler == Sampler::moreau_yosida) {
        throw UsageError(fmt::format(
            "method.sampler = \"{}\" samples Gaussian noise only: use \"harmonic_flow\" or "
            "\"proximal\", or give method.likelihood = \"gaussian\"",
            options.sampler == Sampler::svd_gibbs ? "svd_gibbs" : "moreau_yosida"));
    }
}

}  // namespace

NuclearNormOptions with_choices(NuclearNormOptions options, const MatrixLayout& layout, bool masked,
                                bool counts) {
    if (options.likelihood == Likelihood::automatic) {
        options.likelihood = counts ? Likelihood::poisson : Likelihood::gaussian;
    }
    const bool gaussian = options.likelihood == Likelihood::gaussian;
    if (!gaussian) {
        check_counts(options, counts);
    }
    const bool weighted = !options.weights.empty();
    if (options.sampler == Sampler::svd_gibbs && weighted) {
        throw UsageError(
            "method.sampler = \"svd_gibbs\" knows no method.weights: use \"harmonic_flow\" or "
            "\"proximal\", or leave one of the two out");
    }
    if (options.sampler == Sampler::automatic) {
        constexpr Index most_entries = 4'000'000;
        const bool whole =
            layout.rows() * layout.columns() <= most_entries && options.ranks_per_matrix <= 1;
        options.sampler =
            whole && !masked && !weighted && gaussian ? Sampler::svd_gibbs : Sampler::harmonic_flow;
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
