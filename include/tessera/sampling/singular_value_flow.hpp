#pragma once

#include <vector>

#include "tessera/base/types.hpp"
#include "tessera/sampling/random_sequence.hpp"
#include "tessera/sampling/step_size.hpp"

namespace tessera {

/// Moves singular values s given the singular vectors, in standard units: density
/// exp(-lambda sum |s_i| - ||s - target||^2 / 2) prod |s_i|^(m-n) prod_{i<j} |s_i^2 - s_j^2| on all
/// real s, unordered (a negative value is one with a flipped vector). Hamiltonian Monte Carlo
/// over trajectories of one length in time: the oscillation about the target is followed exactly,
/// so that a start far from it does no harm, and the other forces are kicks. With a length of zero
/// it is a single piece of that flow between two kicks, a Metropolis-adjusted Langevin step.
///
/// The forces 1/(s_i - s_j), 1/(s_i + s_j), (m-n)/s_i and sign s_i are smoothed over the step
/// size, the Metropolis test is not: the kernel is exact, and neither repeated nor zero values can
/// hold it up, where the bare forces are infinite. About 10 n^2 operations a kick.
class SingularValueFlow {
  public:
    /// Of an n x m matrix, n <= m.
    SingularValueFlow(Index n, Index m, double trajectory_length);

    /// One trajectory; returns its acceptance probability. In warm-up the step size learns.
    double advance(std::vector<double>& values, const std::vector<double>& target, double lambda,
                   RandomSequence& random, bool warm_up);

    [[nodiscard]] StepSize& step_size() { return step_size_; }
    [[nodiscard]] const StepSize& step_size() const { return step_size_; }

  private:
    [[nodiscard]] double log_density(const std::vector<double>& values,
                                     const std::vector<double>& target, double lambda) const;
    void set_force(double lambda, double smoothing);

    double excess_;  ///< m - n
    double trajectory_length_;
    StepSize step_size_;
    std::vector<double> position_;
    std::vector<double> momentum_;
    std::vector<double> force_;
};

}  // namespace tessera
