#pragma once

#include "tessera/sampling/matrix_kernel.hpp"

namespace tessera {

/// Proximal Metropolis-adjusted Langevin (Pereyra 2016; arXiv 2510.05447, section 4.1). With every
/// entry observed the proposal's mean is the proximal operator of the whole log posterior: the
/// singular value soft threshold of (delta Y + 2 Phi) / (delta + 2) at lambda delta / (delta + 2),
/// in standard units; with missing entries or counts it is a proximal-gradient step. Either way the
/// Metropolis test uses the very density that the proposal was drawn from, both ways, so that it
/// matters little that the threshold is no proximal operator where the norm's weights descend. Two
/// decompositions a step, three where a scale or a step size has changed since the last one.
class ProximalLangevin final : public MatrixKernel {
  public:
    ProximalLangevin(const MatrixBatch& batch, std::uint64_t seed);

    void advance(MatrixChains& chains, Index step, bool warm_up) override;

  private:
    /// The proposal's mean from `at`.
    void proposal_mean(const MatrixChains& chains, const DeviceView<double>& at,
                       const DeviceView<double>& mean);
    void propose(const MatrixChains& chains, Index step);
    /// What the means depend on beside the matrices.
    [[nodiscard]] std::vector<double> scales(const MatrixChains& chains) const;

    DeviceView<double> blend_;  ///< what is thresholded
    DeviceView<double> mean_;   ///< from the chains, of the scales `mean_scales_`
    std::vector<double> mean_scales_;
    DeviceView<double> mean_back_;
    DeviceView<double> proposal_;
    RightSpectrum spectrum_;  ///< of the proposal
    RightSpectrum blend_spectrum_;
};

}  // namespace tessera
