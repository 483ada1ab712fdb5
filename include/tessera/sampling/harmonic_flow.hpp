#pragma once

#include "tessera/sampling/matrix_kernel.hpp"

namespace tessera {

/// Hamiltonian Monte Carlo whose flow solves the likelihood's quadratic part exactly (observed
/// entries turn harmonically about the measurement, all at the same frequency, for their mass is
/// their precision; missing ones drift freely with a smaller mass) and whose kicks come from the
/// Moreau-smoothed norm and from what the quadratic part leaves of the likelihood: nothing where
/// the noise is Gaussian. The Metropolis test uses the true density, so the smoothing costs
/// acceptance, never correctness. A trajectory is a quarter turn of the likelihood; one
/// decomposition per part of it.
class HarmonicFlow final : public MatrixKernel {
  public:
    HarmonicFlow(const MatrixBatch& batch, std::uint64_t seed);

    void advance(MatrixChains& chains, Index step, bool warm_up) override;

    /// Parts of a trajectory over a matrix of so many entries before the step size has learnt
    /// anything; what it learns changes that.
    [[nodiscard]] static double first_parts(double entries);

  private:
    struct Trajectory {
        std::vector<Index> parts;       ///< number of parts of each matrix's trajectory
        std::vector<double> durations;  ///< of one part
    };
    [[nodiscard]] Trajectory plan_trajectories(const MatrixBatch& batch, Index step) const;
    void draw_momenta(const MatrixChains& chains, Index step);
    /// Potential and kinetic energy of each matrix.
    [[nodiscard]] std::vector<double> energies(const MatrixChains& chains,
                                               const RightSpectrum& spectrum) const;
    /// momentum -= share duration (gradient of all but the quadratic part at position, with the
    /// norm smoothed).
    void kick(const MatrixChains& chains, const RightSpectrum& spectrum,
              const Trajectory& trajectory, const std::vector<Index>& which,
              const std::vector<double>& shares);
    void drift(const MatrixChains& chains, const Trajectory& trajectory,
               const std::vector<Index>& which);

    DeviceView<double> position_;
    DeviceView<double> momentum_;
    RightSpectrum spectrum_;  ///< of position_
};

}  // namespace tessera
