#include "tessera/sampling/singular_value_flow.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tessera {
namespace {

/// Of one trajectory: bounds the work while the step size is still being learnt.
constexpr double most_steps = 200.0;

double half_square(const std::vector<double>& v) {
    return 0.5 * std::inner_product(v.begin(), v.end(), v.begin(), 0.0);
}

}  // namespace

SingularValueFlow::SingularValueFlow(Index n, Index m, double trajectory_length)
    : excess_(static_cast<double>(m - n)),
      trajectory_length_(trajectory_length),
      step_size_(0.6 / std::sqrt(static_cast<double>(n)), trajectory_length > 0.0 ? 0.8 : 0.574,
                 1.0),
      position_(static_cast<std::size_t>(n)),
      momentum_(static_cast<std::size_t>(n)),
      force_(static_cast<std::size_t>(n)) {}

double SingularValueFlow::log_density(const std::vector<double>& values,
                                      const std::vector<double>& target, double lambda) const {
    const std::size_t n = values.size();
    double sum = 0.0;
    // Few logarithms: a product is taken while it is far from over- and underflow.
    double factor = 1.0;
    const auto multiply = [&](double by) {
        factor *= std::abs(by);
        if (!(factor < 1e150 && factor > 1e-150)) {
            sum += std::log(factor);
            factor = 1.0;
        }
    };
    for (std::size_t i = 0; i < n; ++i) {
        const double s = values[i];
        sum -= lambda * std::abs(s) + 0.5 * (s - target[i]) * (s - target[i]);
        if (excess_ > 0.0) {
            sum += excess_ * std::log(std::abs(s));
        }
        for (std::size_t j = i + 1; j < n; ++j) {
            multiply((s - values[j]) * (s + values[j]));
        }
    }
    return sum + std::log(factor);
}

void SingularValueFlow::set_force(double lambda, double smoothing) {
    const std::size_t n = position_.size();
    const double softening = smoothing * smoothing;
    for (std::size_t i = 0; i < n; ++i) {
        const double s = position_[i];
        force_[i] = excess_ * s / (s * s + softening) - lambda * s / std::sqrt(s * s + softening);
    }
    const double* s = position_.data();
    double* force = force_.data();
    for (std::size_t i = 0; i < n; ++i) {
        const double own = s[i];
        double sum = 0.0;
#pragma omp simd reduction(+ : sum)
        for (std::size_t j = i + 1; j < n; ++j) {
            const double apart = own - s[j];
            const double together = own + s[j];
            const double from_difference = apart / (apart * apart + softening);
            const double from_sum = together / (together * together + softening);
            sum += from_difference + from_sum;
            force[j] += from_sum - from_difference;
        }
        force[i] += sum;
    }
}

double SingularValueFlow::advance(std::vector<double>& values, const std::vector<double>& target,
                                  double lambda, RandomSequence& random, bool warm_up) {
    const double smoothing = step_size_.value();
    const double step = smoothing * (0.8 + 0.4 * random.uniform());
    const auto kick = [this](double length) {
        for (std::size_t i = 0; i < momentum_.size(); ++i) {
            momentum_[i] += length * force_[i];
        }
    };
    position_ = values;
    for (double& value : momentum_) {
        value = random.normal();
    }
    const double log_density_before = log_density(position_, target, lambda);
    const double kinetic_before = half_square(momentum_);
    set_force(lambda, smoothing);
    kick(0.5 * step);
    const double cosine = std::cos(step);
    const double sine = std::sin(step);
    const int steps =
        static_cast<int>(std::clamp(std::round(trajectory_length_ / smoothing), 1.0, most_steps));
    for (int i = 0; i < steps; ++i) {
        for (std::size_t k = 0; k < position_.size(); ++k) {
            const double distance = position_[k] - target[k];
            position_[k] = target[k] + cosine * distance + sine * momentum_[k];
            momentum_[k] = cosine * momentum_[k] - sine * distance;
        }
        set_force(lambda, smoothing);
        kick(i + 1 < steps ? step : 0.5 * step);
    }
    const double log_density_after = log_density(position_, target, lambda);
    if (!std::isfinite(log_density_before)) {
        // A start at repeated or zero values, of density zero: anything else is better.
        if (std::isfinite(log_density_after)) {
            values = position_;
        }
        return 1.0;
    }
    const double log_ratio =
        log_density_after - half_square(momentum_) - log_density_before + kinetic_before;
    const double acceptance = std::isnan(log_ratio) ? 0.0 : std::exp(std::min(0.0, log_ratio));
    if (random.uniform() < acceptance) {
        values = position_;
    }
    if (warm_up) {
        step_size_.adapt(acceptance);
    }
    return acceptance;
}

}  // namespace tessera
