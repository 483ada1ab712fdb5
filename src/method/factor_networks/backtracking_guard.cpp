#include "tessera/method/factor_networks/backtracking_guard.hpp"

#include <algorithm>
#include <cmath>

namespace tessera {
namespace {

/// Copies of all parameters are made this seldom.
constexpr Index steps_between_copies = 10;

/// Share of the first objective below which rises mean nothing: fits of exact data end in rounding.
constexpr double negligible = 1e-4;

}  // namespace

BacktrackingGuard::Advice BacktrackingGuard::judge(double objective) {
    if (factor_ <= 0.0) {
        return Advice::go_on;
    }
    if (!started_) {
        started_ = std::isfinite(objective);
        first_ = lowest_ = objective;
        return started_ ? Advice::keep : Advice::go_on;
    }
    if (!(objective <= factor_ * lowest_ + negligible * first_)) {
        step_scale_ *= 0.5;
        return Advice::go_back;
    }
    ++since_kept_;
    const bool lower = objective < lowest_;
    lowest_ = std::min(lowest_, objective);
    if (!lower || since_kept_ < steps_between_copies) {
        return Advice::go_on;
    }
    since_kept_ = 0;
    return Advice::keep;
}

void BacktrackingGuard::begin_again(double objective) {
    lowest_ = objective;
    since_kept_ = 0;
}

void BacktrackingGuard::serialise(Archive& archive) {
    archive.value("started", started_);
    archive.value("first", first_);
    archive.value("lowest", lowest_);
    archive.value("step_scale", step_scale_);
    archive.value("since_kept", since_kept_);
}

}  // namespace tessera
