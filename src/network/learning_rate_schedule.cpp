#include "tessera/network/learning_rate_schedule.hpp"

#include <cmath>
#include <numbers>

namespace tessera {
namespace {

double cosine_step_size(const ScheduleOptions& options, std::int64_t step) {
    const std::int64_t cycle = step / options.period;
    const auto position = static_cast<double>(step % options.period);
    const auto rise = static_cast<double>(options.warm_up);
    const double span =
        options.step_size * std::pow(options.factor, static_cast<double>(cycle)) - options.least;
    if (position < rise) {
        return options.least + span * position / rise;
    }
    const double part = (position - rise) / (static_cast<double>(options.period) - rise);
    return options.least + 0.5 * span * (1.0 + std::cos(std::numbers::pi * part));
}

}  // namespace

double LearningRateSchedule::at(std::int64_t step) const {
    switch (options_.kind) {
        case ScheduleKind::step: {
            const std::int64_t drops = step / options_.period;
            return options_.step_size * std::pow(options_.factor, static_cast<double>(drops));
        }
        case ScheduleKind::exponential:
            return options_.step_size * std::pow(options_.factor, static_cast<double>(step));
        case ScheduleKind::cosine:
            return cosine_step_size(options_, step);
        case ScheduleKind::fixed:
            break;
    }
    return options_.step_size;
}

}  // namespace tessera
