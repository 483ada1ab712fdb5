#pragma once

#include <array>

#include "tessera/base/archive.hpp"

namespace tessera {

/// A step size that learns its acceptance rate in warm-up and stays as it is afterwards (a chain
/// that goes on adapting leaves its target): log step moves by
/// gain update^(-0.6) (acceptance - target), Robbins and Monro's recursion.
class StepSize {
  public:
    explicit StepSize(double first = 1.0, double target = 0.574, double gain = 2.0);

    [[nodiscard]] double value() const;
    /// One warm-up step, with its acceptance probability in [0, 1] (NaN counts as zero).
    void adapt(double acceptance);

    void serialise(Archive& archive);
    /// What was learnt, for batches that keep the numbers of many matrices in one array: the log
    /// of the step size, and how often it was adapted.
    [[nodiscard]] std::array<double, 2> learnt() const { return {log_value_, updates_}; }
    void restore(const std::array<double, 2>& learnt);

  private:
    double log_value_;
    double target_;
    double gain_;
    double updates_ = 0.0;
};

}  // namespace tessera
