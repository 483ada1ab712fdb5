#pragma once

#include <array>
#include <vector>

#include "tessera/sampling/matrix_batch.hpp"
#include "tessera/sampling/matrix_likelihood.hpp"
#include "tessera/sampling/right_spectrum.hpp"
#include "tessera/sampling/scale_updates.hpp"

namespace tessera {

/// Chains over matrices in standard units: X = Phi / rho for the noise level 1 / rho, and each Phi
/// has the density exp(-||mask (rho Y - Phi)||^2 / 2 - lambda ||Phi||_w) (or, in place of the first
/// term, the likelihood of counts, for which rho is fixed), where ||Phi||_w =
/// sum_i weights_i s_i over the singular values of Phi in descending order. The scaling of the
/// prior with the noise makes the joint posterior unimodal where all weights are 1 (arXiv
/// 2510.05447, theorem 4.1). Whatever the weights, the norm is homogeneous of degree one, so that
/// the prior's constant is proportional to lambda^(-nm).
struct MatrixChains {
    MatrixChains(MatrixBatch matrices, MatrixObservations measured);

    MatrixBatch batch;
    MatrixObservations observations;
    DeviceView<double> phi;
    RightSpectrum spectrum;      ///< of phi
    std::vector<double> lambda;  ///< one per matrix
    std::vector<double> rho;
    std::vector<double> weights;  ///< of the norm, > 0, one per column; all 1 at first

    /// For the present rho.
    [[nodiscard]] MatrixLikelihood likelihood() const;
    /// lambda weights_i, one per singular value of every matrix.
    [[nodiscard]] std::vector<double> rates() const;
    /// Multiplies Phi of each matrix by its factor.
    void scale(const std::vector<double>& factors);
    /// Takes over the accepted ones of proposed matrices, with their spectra.
    void take(const std::vector<bool>& accepted, const DeviceView<double>& proposal,
              const RightSpectrum& proposal_spectrum);
    /// Computes the spectrum of phi anew.
    void refresh_spectrum();
};

/// What the scale parameters of each matrix depend on; collective over the group. Of counts
/// `residual_squares` is twice the cost, and the sums with phi say nothing about the data.
[[nodiscard]] std::vector<ScaleSums> scale_sums(const MatrixChains& chains);

/// -log likelihood of Z for each matrix, up to a constant; collective over the group.
[[nodiscard]] std::vector<double> costs(const MatrixChains& chains, const DeviceView<double>& z);

/// Root mean square of the noise of each matrix's counts in the units of the data:
/// sqrt(mean(max(k, 0)) + readout^2) / peak over the observed entries; never less than for one
/// count in all of the matrix. Collective over the group.
[[nodiscard]] std::vector<double> count_noise_levels(const MatrixChains& chains);

/// Copies the matrices whose flag is set.
void copy_accepted(const MatrixBatch& batch, const std::vector<bool>& accepted,
                   const DeviceView<double>& from, const DeviceView<double>& to);

}  // namespace tessera
