#pragma once

#include "tessera/base/memory.hpp"
#include "tessera/tensor/fused_contraction.hpp"

namespace tessera {

/// The numbers of OutlierTerm for the entries of a fit: all the same at the start, so that there is
/// no outlier, and small, so that an entry must lie beside the model for long to become one.
template <typename T>
class OutlierTerms {
  public:
    /// Each step multiplies the numbers of an entry that lies by `scale` beside the model with
    /// 1 +- 2 `rate`. Not collective. Throws MemoryError.
    OutlierTerms(Index count, double scale, const EntryLoss& loss, double rate);

    [[nodiscard]] OutlierTerm<T> term() { return {grown_.data(), shrunk_.data(), step_}; }
    [[nodiscard]] T* grown() { return grown_.data(); }
    [[nodiscard]] T* shrunk() { return shrunk_.data(); }
    void restart();

  private:
    HostView<T> grown_;
    HostView<T> shrunk_;
    double start_;
    double step_;
};

}  // namespace tessera
