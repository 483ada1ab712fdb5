#pragma once

#include "tessera/base/archive.hpp"
#include "tessera/base/types.hpp"

namespace tessera {

/// When a fit has gone on long enough, and which of its steps was the best.
struct StoppingOptions {
    enum class Kind {
        minimum,  ///< the smoothed figure has had its minimum: `patience` steps without a new one
        target,   ///< the figure is at most `target`
        count     ///< `maximum_steps`, nothing else
    };
    Kind kind = Kind::minimum;
    Index maximum_steps = 0;
    Index patience = 0;
    Index ignored_steps = 0;  ///< at the beginning, for `minimum`
    double smoothing = 0.0;   ///< weight of the past in the running mean of the figure
    double target = 0.0;
};

/// A running decision on a figure that all ranks share.
class StoppingRule {
  public:
    explicit StoppingRule(const StoppingOptions& options) : options_(options) {}

    /// The figure of the next step (0, 1, ..); true when that step is the best so far.
    bool judge(double figure);

    [[nodiscard]] bool finished() const { return finished_; }
    /// Whether the rule was met, rather than `maximum_steps` reached.
    [[nodiscard]] bool met() const { return met_; }
    /// Steps judged, and the best of them.
    [[nodiscard]] Index steps() const { return steps_; }
    [[nodiscard]] Index best_step() const { return best_step_; }
    /// The smoothed figure of the best step.
    [[nodiscard]] double best() const { return best_; }

    void serialise(Archive& archive);

  private:
    StoppingOptions options_;
    Index steps_ = 0;
    Index best_step_ = 0;
    double sum_ = 0.0;     ///< of figures, with weights smoothing^age
    double weight_ = 0.0;  ///< of these weights
    double best_ = 0.0;
    bool finished_ = false;
    bool met_ = false;
};

}  // namespace tessera
