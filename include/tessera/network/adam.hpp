#pragma once

#include <cstdint>

#include "tessera/base/archive.hpp"
#include "tessera/network/parameter_store.hpp"

namespace tessera {

struct AdamOptions {
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0.0;  ///< added to the gradient, times the parameter (not decoupled)
    /// Of the running average of the parameters, where the store keeps one: average = decay average
    /// + (1 - decay) value, from the values of the first step on.
    double average_decay = 0.99;
};

/// Adam (Kingma and Ba 2015, algorithm 1) on a whole parameter store in one kernel. Entry by entry
/// the same arithmetic on every rank, so shared parameters stay equal to the last bit.
template <typename T>
class Adam {
  public:
    explicit Adam(const AdamOptions& options = {}) : options_(options) {}

    /// One update with the gradient in the store, which is left as it is.
    void step(ParameterStore<T>& parameters, double step_size);

    /// As before the first step, for moments that were set to 0.
    void restart() { steps_done_ = 0; }
    [[nodiscard]] std::int64_t steps_done() const { return steps_done_; }
    /// The number of steps; the moments are the store's.
    void serialise(Archive& archive) { archive.value("steps_done", steps_done_); }

  private:
    AdamOptions options_;
    std::int64_t steps_done_ = 0;
};

}  // namespace tessera
