#pragma once

#include "tessera/sampling/matrix_kernel.hpp"
#include "tessera/sampling/svd_gibbs.hpp"

namespace tessera {

/// SvdGibbs for every matrix of a batch. Missing entries are drawn from their law given Phi before
/// each step (data augmentation), since the sampler wants the whole measurement: right, but slower
/// in mixing than a mask in the likelihood where much is missing. Matrices are whole on their rank.
class SvdGibbsKernel final : public MatrixKernel {
  public:
    SvdGibbsKernel(const MatrixBatch& batch, std::uint64_t seed);

    void advance(MatrixChains& chains, Index step, bool warm_up) override;
    void scaled(const std::vector<double>& factors) override;
    [[nodiscard]] Index learnt_width() const override { return width_; }
    [[nodiscard]] std::vector<double> learnt() const override;
    void restore(const std::vector<double>& learnt) override;

  private:
    std::uint64_t seed_;
    std::vector<SvdGibbs> samplers_;
    Index width_;                   ///< numbers of one sampler's state
    DeviceView<double> completed_;  ///< measurements in standard units, missing entries drawn
};

}  // namespace tessera
