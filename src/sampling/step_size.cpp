#include "tessera/sampling/step_size.hpp"

#include <algorithm>
#include <cmath>

namespace tessera {

StepSize::StepSize(double first, double target, double gain)
    : log_value_(std::log(first)), target_(target), gain_(gain) {}

double StepSize::value() const { return std::exp(log_value_); }

void StepSize::adapt(double acceptance) {
    updates_ += 1.0;
    const double seen = std::isnan(acceptance) ? 0.0 : std::clamp(acceptance, 0.0, 1.0);
    log_value_ += gain_ * std::pow(updates_, -0.6) * (seen - target_);
}

void StepSize::serialise(Archive& archive) {
    archive.value("log_step_size", log_value_);
    archive.value("updates", updates_);
}

void StepSize::restore(const std::array<double, 2>& learnt) {
    log_value_ = learnt[0];
    updates_ = learnt[1];
}

}  // namespace tessera
