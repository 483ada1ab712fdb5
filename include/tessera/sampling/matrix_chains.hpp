#pragma once

#include <array>
#include <vector>

#include "tessera/sampling/matrix_batch.hpp"
#include "tessera/sampling/right_spectrum.hpp"
#include "tessera/sampling/scale_updates.hpp"

namespace tessera {

/// What chains of matrices were measured as: Y = X + noise on the observed entries. Several chains
/// may belong to one measurement.
struct MatrixObservations {
    DeviceView<double> values;      ///< measurements one after the other, in the matrices' layout
    bool masked = false;            ///< some entries are missing
    DeviceView<std::uint8_t> mask;  ///< 1 where observed; not there unless `masked`
    DeviceView<Index> of_matrix;    ///< which measurement each matrix of the batch has

    /// Whether a local entry of a matrix was observed, callable in kernels.
    [[nodiscard]] KOKKOS_INLINE_FUNCTION bool observed(Index matrix, Index local,
                                                       Index entries) const {
        return !masked || mask(of_matrix(matrix) * entries + local) != 0;
    }
    [[nodiscard]] KOKKOS_INLINE_FUNCTION double value(Index matrix, Index local,
                                                      Index entries) const {
        return values(of_matrix(matrix) * entries + local);
    }
};

/// Chains over matrices in standard units: X = Phi / rho for the noise level 1 / rho, and each Phi
/// has the density exp(-||mask (rho Y - Phi)||^2 / 2 - lambda ||Phi||_w), where ||Phi||_w =
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

/// What the scale parameters of each matrix depend on; collective over the group.
[[nodiscard]] std::vector<ScaleSums> scale_sums(const MatrixChains& chains);

/// ||mask (rho Y - Z)||^2 for each matrix, in standard units; collective over the group.
[[nodiscard]] std::vector<double> squared_residuals(const MatrixChains& chains,
                                                    const DeviceView<double>& z);

/// Copies the matrices whose flag is set.
void copy_accepted(const MatrixBatch& batch, const std::vector<bool>& accepted,
                   const DeviceView<double>& from, const DeviceView<double>& to);

}  // namespace tessera
