#pragma once

#include <cstdint>

namespace tessera {

enum class ScheduleKind { fixed, step, exponential, cosine };

struct ScheduleOptions {
    ScheduleKind kind = ScheduleKind::fixed;
    double step_size = 1e-3;  ///< at the beginning; of cosine: at the first peak
    /// Factor after every `period` steps (step), after each step (exponential), from one peak to
    /// the next (cosine).
    double factor = 1.0;
    std::int64_t period = 2000;  ///< steps between two drops (step), of one cycle (cosine)
    std::int64_t warm_up = 50;   ///< steps of a cosine cycle in which the step size rises linearly
    double least = 1e-6;         ///< where a cosine cycle begins and ends
};

/// The step size as a function of the step, without a state of its own.
class LearningRateSchedule {
  public:
    explicit LearningRateSchedule(const ScheduleOptions& options = {}) : options_(options) {}

    /// Of step 0, 1, ...: step_size; step_size factor^floor(step / period); step_size factor^step;
    /// or cosine annealing with warm restarts (Loshchilov and Hutter 2017, eq. 5) after a linear
    /// rise in each cycle.
    [[nodiscard]] double at(std::int64_t step) const;

  private:
    ScheduleOptions options_;
};

}  // namespace tessera
