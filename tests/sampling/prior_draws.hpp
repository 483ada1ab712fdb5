#pragma once

// Exact draws from the priors of the scale parameters.

#include <cmath>
#include <numbers>

#include "tessera/sampling/scale_updates.hpp"
#include "tessera/sampling/variates.hpp"

namespace tessera::test_sampling {

inline double draw_from_prior(RandomSequence& random, const PenaltyPrior& prior) {
    switch (prior.kind) {
        case PenaltyPrior::Kind::half_cauchy:
            return prior.scale * std::tan(0.5 * std::numbers::pi * random.uniform());
        case PenaltyPrior::Kind::paper: {
            const double beta = beta_variate(random, 0.5, 0.5);
            return beta / (1.0 - beta);
        }
        case PenaltyPrior::Kind::gamma:
            break;
    }
    return gamma_variate(random, prior.shape) / prior.rate;
}

/// 1 / gamma of a proper prior.
inline double draw_from_prior(RandomSequence& random, const NoisePrior& prior) {
    return 1.0 / std::sqrt(inverse_gamma_variate(random, prior.shape, prior.scale));
}

}  // namespace tessera::test_sampling
