#pragma once

#include <cstdint>
#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/sampling/random_sequence.hpp"

namespace tessera {

/// Gibbs sampling of one n x m matrix under the normal-product prior Phi = A B, A n x inner, B
/// inner x m, entries independent N(0, variance), in standard units (noise of variance one), for
/// any mask: rows of A and columns of B are Gaussian given each other. The cheap and conjugate
/// stand-in for the nuclear norm distribution; normal_product_variance matches the two.
///
/// One step, fully observed: two factorisations of inner x inner, and 4 inner n m + inner^2 (n + m)
/// operations more. With a mask a factorisation for every row and every column, and
/// 2 inner^2 times the observed entries.
class NormalProductGibbs {
  public:
    NormalProductGibbs(Index n, Index m, Index inner);

    /// Starts at the leading part of a matrix (column-major n x m), shared out evenly. Throws
    /// ConvergenceError where it has an entry that is no number.
    void start(const Matrix& phi);

    /// Draws A given B, then B given A. `y` is column-major n x m, and so is `mask`, nonzero where
    /// observed, or null where everything is. Throws ConvergenceError where the factors have grown
    /// so far beyond the noise that their precision has no Cholesky factor.
    void advance(const double* y, const std::uint8_t* mask, double variance,
                 RandomSequence& random);

    /// The variance of the factors' entries given them, under an inverse-gamma prior of it.
    [[nodiscard]] double draw_variance(RandomSequence& random, double prior_shape,
                                       double prior_scale) const;

    /// Multiplies Phi by a factor >= 0, both factors by its root.
    void scale(double factor);

    /// Writes Phi, column-major n x m.
    void form(double* phi) const;

    [[nodiscard]] const Matrix& left() const { return left_; }    ///< A transposed, inner x n
    [[nodiscard]] const Matrix& right() const { return right_; }  ///< B, inner x m
    /// The whole state, numbers after numbers: left and right.
    [[nodiscard]] std::vector<double> state() const;
    void restore(const std::vector<double>& state);

  private:
    Index n_;
    Index m_;
    Matrix left_;
    Matrix right_;
};

}  // namespace tessera
