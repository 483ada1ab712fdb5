#include "tessera/sampling/scale_updates.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include "tessera/sampling/variates.hpp"

namespace tessera {
namespace {

/// The prior of lambda ends at exp(+-46), 1e-20 and 1e20. From a start far off the posterior the
/// slice is so deep that it would send Phi to the smallest numbers there are, and lambda to the
/// largest.
constexpr double widest_log_lambda = 46.0;

/// One move along a density on the whole line by a slice with stepping out and shrinking (Neal
/// 2003, figures 3 and 5). The first interval has the length one; a much narrower density costs
/// some twenty evaluations.
double slice_move(RandomSequence& random, double from,
                  const std::function<double(double)>& log_target) {
    const double level = log_target(from) + std::log(random.uniform());
    double left = from - random.uniform();
    double right = left + 1.0;
    while (log_target(left) > level) {
        left -= 1.0;
    }
    while (log_target(right) > level) {
        right += 1.0;
    }
    for (;;) {
        const double proposal = left + (right - left) * random.uniform();
        if (log_target(proposal) > level) {
            return proposal;
        }
        (proposal < from ? left : right) = proposal;
    }
}

/// The scale parameters and the sums that follow them.
class ScaleState {
  public:
    ScaleState(const ScaleOptions& options, const ScaleSums& sums, double lambda, double rho)
        : options_(options), sums_(sums), scales_{lambda, rho, 1.0} {}

    /// Phi fixed.
    void draw_lambda(RandomSequence& random) {
        scales_.lambda =
            draw_penalty(random, options_.penalty_prior, sums_.entries, sums_.nuclear_norm);
    }

    /// lambda Phi fixed, whose prior is then free of lambda: Phi becomes f Phi and lambda
    /// lambda / f, with density prior(lambda/f) f^-2 exp(-||y - f Phi||^2 / 2); in u = log f.
    void move_lambda_with_phi(RandomSequence& random) {
        const double u = slice_move(random, 0.0, [this](double v) {
            if (std::abs(std::log(scales_.lambda) - v) > widest_log_lambda) {
                return -std::numeric_limits<double>::infinity();
            }
            const double change = -std::expm1(v);
            return -change * sums_.residual_times_phi - 0.5 * change * change * sums_.phi_squares +
                   log_density(options_.penalty_prior, scales_.lambda * std::exp(-v)) - v;
        });
        const double factor = std::exp(u);
        scales_.lambda /= factor;
        const double change = -std::expm1(u);
        sums_.residual_squares +=
            change * (2.0 * sums_.residual_times_phi + change * sums_.phi_squares);
        sums_.residual_times_phi = factor * (sums_.residual_times_phi + change * sums_.phi_squares);
        multiply_phi(factor);
    }

    /// X fixed: rho, Y rho and Phi grow by t with density
    /// t^(N + nm + 2 shape - 1) exp(-t^2 (r.r / 2 + scale rho^2) - t lambda ||Phi||_*).
    void draw_rho_with_phi(RandomSequence& random) {
        const double t = power_gaussian_variate(
            random, sums_.observed + sums_.entries + 2.0 * options_.noise_prior.shape,
            sums_.residual_squares + prior_precision(), -scales_.lambda * sums_.nuclear_norm);
        scales_.rho *= t;
        sums_.residual_squares *= t * t;
        sums_.residual_times_phi *= t * t;
        multiply_phi(t);
    }

    /// Phi fixed: rho and y = rho Y grow by t with density
    /// t^(N + 2 shape - 1) exp(-||t y - Phi||^2 / 2 - t^2 scale rho^2). The last of the draws, so
    /// the sums need not follow.
    void draw_rho(RandomSequence& random) {
        const double y_times_phi = sums_.residual_times_phi + sums_.phi_squares;
        const double y_squares = sums_.residual_squares + sums_.residual_times_phi + y_times_phi;
        scales_.rho *=
            power_gaussian_variate(random, sums_.observed + 2.0 * options_.noise_prior.shape,
                                   y_squares + prior_precision(), y_times_phi);
    }

    [[nodiscard]] const Scales& scales() const { return scales_; }

  private:
    [[nodiscard]] double prior_precision() const {
        return 2.0 * options_.noise_prior.scale * scales_.rho * scales_.rho;
    }

    void multiply_phi(double factor) {
        sums_.phi_squares *= factor * factor;
        sums_.nuclear_norm *= factor;
        scales_.phi_factor *= factor;
    }

    const ScaleOptions& options_;
    ScaleSums sums_;
    Scales scales_;
};

}  // namespace

double log_density(const PenaltyPrior& prior, double lambda) {
    switch (prior.kind) {
        case PenaltyPrior::Kind::half_cauchy:
            return -2.0 * std::log(std::hypot(1.0, lambda / prior.scale));
        case PenaltyPrior::Kind::paper:
            return -0.5 * std::log(lambda) - std::log1p(lambda);
        case PenaltyPrior::Kind::gamma:
            break;
    }
    return (prior.shape - 1.0) * std::log(lambda) - prior.rate * lambda;
}

double draw_penalty(RandomSequence& random, const PenaltyPrior& prior, double entries,
                    double nuclear_norm) {
    if (prior.kind == PenaltyPrior::Kind::gamma) {
        return gamma_variate(random, entries + prior.shape) / (nuclear_norm + prior.rate);
    }
    TESSERA_ASSERT(entries >= 2.0 && nuclear_norm > 0.0,
                   "the law of a penalty needs two entries and a norm above zero");
    // The prior is lambda^before / (1 + ratio), where ratio = (lambda/scale)^power: below the
    // scale a gamma law with 1 / (1 + ratio) as the acceptance, above it one with
    // ratio / (1 + ratio).
    const bool cauchy = prior.kind == PenaltyPrior::Kind::half_cauchy;
    const double scale = cauchy ? prior.scale : 1.0;
    const double power = cauchy ? 2.0 : 1.0;
    const double before = cauchy ? 0.0 : -0.5;
    const bool below = entries / nuclear_norm < scale;
    const double shape = entries + before + 1.0 - (below ? 0.0 : power);
    for (;;) {
        const double lambda = gamma_variate(random, shape) / nuclear_norm;
        const double ratio = std::pow(lambda / scale, power);
        const double odds = below ? 1.0 : ratio;
        if (random.uniform() * (1.0 + ratio) < odds) {
            return lambda;
        }
    }
}

Scales update_scales(RandomSequence& random, const ScaleOptions& options, const ScaleSums& sums,
                     double lambda, double rho) {
    ScaleState state(options, sums, lambda, rho);
    if (options.penalty_free) {
        state.draw_lambda(random);
        if (options.gaussian) {
            state.move_lambda_with_phi(random);
        }
    }
    if (options.noise_free) {
        TESSERA_ASSERT(options.gaussian, "the noise of counts has no level of its own");
        state.draw_rho_with_phi(random);
        state.draw_rho(random);
    }
    return state.scales();
}

}  // namespace tessera
