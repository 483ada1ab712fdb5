#pragma once

#include "tessera/sampling/matrix_kernel.hpp"

namespace tessera {

/// Unadjusted Langevin on the Moreau-Yosida envelope of the log posterior (MYULA; Durmus, Moulines
/// and Pereyra 2018). One decomposition a step and no rejection, but its draws are those of a
/// neighbouring density: means and standard deviations are biased by the smoothing and the step.
class MoreauYosidaLangevin final : public MatrixKernel {
  public:
    MoreauYosidaLangevin(const MatrixBatch& batch, std::uint64_t seed);

    void advance(MatrixChains& chains, Index step, bool warm_up) override;

  private:
    DeviceView<double> pull_;  ///< gradient of the smoothed prior, times the smoothing
    DeviceView<double> noise_;
};

}  // namespace tessera
