#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "tessera/sampling/matrix_chains.hpp"
#include "tessera/sampling/step_size.hpp"

namespace tessera {

/// A Markov kernel on chains of matrices: leaves the density of MatrixChains as it is (but for the
/// unadjusted one, which says so). Step sizes are one per matrix, and learnt in the warm-up only.
class MatrixKernel {
  public:
    virtual ~MatrixKernel() = default;
    MatrixKernel(const MatrixKernel&) = delete;
    MatrixKernel& operator=(const MatrixKernel&) = delete;

    /// One step of every chain; collective over the group. Draws are functions of the seed, the
    /// number of the matrix and `step` alone.
    virtual void advance(MatrixChains& chains, Index step, bool warm_up) = 0;

    /// Probabilities with which the last step's proposals were accepted, one per matrix.
    [[nodiscard]] const std::vector<double>& acceptance() const { return acceptance_; }
    /// Told when Phi was multiplied by a factor, one for each matrix.
    virtual void scaled(const std::vector<double>& /*factors*/) {}

    /// Numbers that are all of the kernel's state, `learnt_width` for each matrix.
    [[nodiscard]] virtual Index learnt_width() const { return 2; }
    [[nodiscard]] virtual std::vector<double> learnt() const;
    virtual void restore(const std::vector<double>& learnt);

  protected:
    MatrixKernel(const MatrixBatch& batch, const StepSize& first, std::uint64_t seed);

    /// Uniform number of a matrix at a step; `purpose` tells uses apart.
    [[nodiscard]] double uniform(const MatrixBatch& batch, Index matrix, Index step,
                                 std::uint32_t purpose) const;
    /// Standard normal numbers for all entries.
    void draw_normal(const MatrixBatch& batch, Index step, const DeviceView<double>& values) const;
    [[nodiscard]] double step_size(Index matrix) const;

    /// Accepts each matrix with the probability exp(log_ratio), remembers these probabilities.
    [[nodiscard]] std::vector<bool> metropolis(const MatrixBatch& batch,
                                               const std::vector<double>& log_ratio, Index step);
    /// Moves each step size by the acceptance of the last step.
    void adapt();
    void set_acceptance(std::vector<double> acceptance) { acceptance_ = std::move(acceptance); }

  private:
    std::uint64_t seed_;
    std::vector<StepSize> step_sizes_;
    std::vector<double> acceptance_;
};

/// Which kernel moves the matrices.
enum class MatrixKernelKind {
    harmonic_flow,  ///< Hamiltonian flow of the likelihood exactly, kicks by the smoothed prior
    proximal,       ///< proximal Langevin, Metropolis-corrected (Pereyra 2016)
    moreau_yosida,  ///< unadjusted Langevin on the Moreau envelope (Durmus et al. 2018): biased
    svd_gibbs       ///< singular vectors and values in turn; whole matrices on each rank only
};

/// A kernel for the matrices of a batch.
[[nodiscard]] std::unique_ptr<MatrixKernel> make_matrix_kernel(MatrixKernelKind kind,
                                                               const MatrixBatch& batch,
                                                               std::uint64_t seed);

}  // namespace tessera
