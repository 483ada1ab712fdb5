#pragma once

#include "tessera/base/archive.hpp"
#include "tessera/base/types.hpp"

namespace tessera {

/// Watches the objective of a fit, which Adam may throw far from its minimum: tells when the state
/// is worth keeping, and when to go back to the kept one with half the step size.
class BacktrackingGuard {
  public:
    enum class Advice { go_on, keep, go_back };

    /// An objective of more than `factor` times the lowest one is too much; 0: no guard.
    explicit BacktrackingGuard(double factor) : factor_(factor) {}

    /// The objective of the next step, the same on all ranks.
    Advice judge(double objective);
    /// After going back: the objective of the state that was kept.
    void begin_again(double objective);

    /// What the step size is to be multiplied with.
    [[nodiscard]] double step_scale() const { return step_scale_; }
    void serialise(Archive& archive);

  private:
    double factor_;
    bool started_ = false;
    double first_ = 0.0;
    double lowest_ = 0.0;
    double step_scale_ = 1.0;
    Index since_kept_ = 0;
};

}  // namespace tessera
