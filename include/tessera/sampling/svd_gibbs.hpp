#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/sampling/singular_value_flow.hpp"

namespace tessera {

struct SvdGibbsOptions {
    int trajectories = 2;  ///< of the singular values in one step
    /// Of each, in time; 0 is one Metropolis-adjusted Langevin step.
    double trajectory_length = 1.0;
};

/// Gibbs sampling of one n x m matrix Phi = U diag(s) V^T, n <= m, in its singular value
/// decomposition (arXiv 2510.05447, section 4.2), in standard units: density
/// exp(-||y - Phi||^2 / 2 - lambda ||Phi||_*), everything observed.
///
/// Columns of U and V are drawn in pairs and jointly: with both turned by the same angle, and by
/// opposite angles, twice the angle is von Mises-distributed with concentrations proportional to
/// s_i - s_j and s_i + s_j. Where two values are equal (or zero) these moves are free, so
/// degenerate spectra are harmless, and strong signals do not hold them up as they do draws of U
/// given V. Of a long matrix each column of V is drawn in the complement of the others too (von
/// Mises-Fisher). The values are moved by SingularValueFlow; their order is not kept.
///
/// One step: about 13 n^3 + 10 m n^2 operations for a square, 22 m n^2 more for m > n. Draws come
/// from the RandomSequence alone; a step allocates nothing.
class SvdGibbs {
  public:
    SvdGibbs(Index n, Index m, const SvdGibbsOptions& options = {});

    /// Starts at a matrix (column-major n x m), of any rank. Throws ConvergenceError where it has
    /// an entry that is no number.
    void start(const Matrix& phi);
    /// Starts at a decomposition: u n x n and v m x n, orthonormal; values of any sign and order.
    void start(Matrix u, std::vector<double> values, Matrix v);

    /// One draw of every block; `y` is column-major n x m, which is how the transpose lies
    /// row-major. Returns the mean acceptance probability of the singular values, whose step size
    /// is adapted in warm-up only.
    double advance(const double* y, double lambda, RandomSequence& random, bool warm_up);

    /// Multiplies Phi (see Scales::phi_factor).
    void scale(double factor);

    /// All >= 0, in no order.
    [[nodiscard]] const std::vector<double>& singular_values() const { return values_; }
    [[nodiscard]] double nuclear_norm() const;
    [[nodiscard]] const Matrix& left() const { return u_; }
    [[nodiscard]] const Matrix& right() const { return v_; }
    /// Writes Phi, column-major n x m.
    void form(double* phi) const;

    /// The whole state, numbers after numbers: u, values, v and what the step size has learnt.
    [[nodiscard]] std::vector<double> state() const;
    void restore(const std::vector<double>& state);

  private:
    void turn_pairs(RandomSequence& random);
    void turn_pair(Index i, Index j, RandomSequence& random);
    void flip_signs(RandomSequence& random);
    void draw_right_columns(const double* y, RandomSequence& random);
    void draw_right_column(Index j, RandomSequence& random);
    void remove_other_columns(Index j, double* vector);
    double move_values(double lambda, RandomSequence& random, bool warm_up);
    void make_values_positive();

    Index n_;
    Index m_;
    SvdGibbsOptions options_;
    SingularValueFlow flow_;
    Matrix u_;
    std::vector<double> values_;
    Matrix v_;

    // Work space.
    Matrix image_;     ///< y v, n x n
    Matrix turned_;    ///< n x n, the rotations of v in one sweep
    Matrix gram_;      ///< n x n
    Matrix left_;      ///< n x n
    Matrix right_;     ///< m x n
    Matrix backward_;  ///< y^T u, m x n, where m > n
    std::vector<double> target_;
    std::vector<double> coefficients_;
    std::vector<double> direction_;
    std::vector<double> tangent_;
};

}  // namespace tessera
