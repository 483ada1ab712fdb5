#pragma once

#include "tessera/sampling/matrix_kernel.hpp"

namespace tessera {

/// Proximal Metropolis-adjusted Langevin (Pereyra 2016; arXiv 2510.05447, section 4.1). The
/// proposal's mean is a backward-forward step: the proximal operator of the norm, then the
/// likelihood's, with every entry observed P -> (2 P + delta Y) / (2 + delta) for P the singular
/// value soft threshold of Phi at lambda delta / 2, in standard units; with missing entries or
/// counts a step down the likelihood's slope. The other order, by which the mean is the proximal
/// operator of the whole log posterior, mixes the same a step (effective sizes at 30 x 30 and 64 x
/// 64 within their errors) but thresholds a matrix other than Phi, whose spectrum the Metropolis
/// test has anyway: one decomposition a step in place of two, or of three where a scale has
/// changed. The test uses the very density that the proposal was drawn from, both ways, so that it
/// matters little that the threshold is no proximal operator where the norm's weights descend.
class ProximalLangevin final : public MatrixKernel {
  public:
    ProximalLangevin(const MatrixBatch& batch, std::uint64_t seed);

    void advance(MatrixChains& chains, Index step, bool warm_up) override;

  private:
    /// The proposal's mean from `at`, whose spectrum is known.
    void proposal_mean(const MatrixChains& chains, const DeviceView<double>& at,
                       const RightSpectrum& spectrum, const DeviceView<double>& mean) const;
    void propose(const MatrixChains& chains, Index step);
    /// What the means depend on beside the matrices.
    [[nodiscard]] std::vector<double> scales(const MatrixChains& chains) const;

    DeviceView<double> mean_;  ///< from the chains, of the scales `mean_scales_`
    std::vector<double> mean_scales_;
    DeviceView<double> mean_back_;
    DeviceView<double> proposal_;
    RightSpectrum spectrum_;  ///< of the proposal
};

}  // namespace tessera
