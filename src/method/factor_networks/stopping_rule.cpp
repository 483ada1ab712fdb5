#include "tessera/method/factor_networks/stopping_rule.hpp"

namespace tessera {

bool StoppingRule::judge(double figure) {
    sum_ = options_.smoothing * sum_ + figure;
    weight_ = options_.smoothing * weight_ + 1.0;
    const double smooth = sum_ / weight_;
    const Index step = steps_++;
    bool better = false;
    switch (options_.kind) {
        case StoppingOptions::Kind::minimum:
            better = step >= options_.ignored_steps &&
                     (step == options_.ignored_steps || smooth < best_);
            met_ =
                !better && step >= options_.ignored_steps && step - best_step_ >= options_.patience;
            break;
        case StoppingOptions::Kind::target:
            better = true;
            met_ = figure <= options_.target;
            break;
        case StoppingOptions::Kind::count:
            better = true;
            met_ = steps_ >= options_.maximum_steps;
            break;
    }
    if (better || step == 0) {
        best_ = smooth;
        best_step_ = step;
    }
    finished_ = met_ || steps_ >= options_.maximum_steps;
    return better || step == 0;
}

void StoppingRule::serialise(Archive& archive) {
    archive.value("steps", steps_);
    archive.value("best_step", best_step_);
    archive.value("sum", sum_);
    archive.value("weight", weight_);
    archive.value("best", best_);
    archive.value("finished", finished_);
    archive.value("met", met_);
}

}  // namespace tessera
