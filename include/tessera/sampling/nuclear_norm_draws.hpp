#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/sampling/random_sequence.hpp"
#include "tessera/sampling/step_size.hpp"

/// Draws from the nuclear norm distribution with lambda = 1; divide by lambda for another one.
/// n x m stands for the shape with n <= m; singular values descend.
namespace tessera {

/// A uniform draw of rows x columns orthonormal columns (rows >= columns), Haar's measure: QR of
/// normal numbers with a positive diagonal.
[[nodiscard]] Matrix haar_frame(RandomSequence& random, Index rows, Index columns);

/// Singular values of exact, independent draws, by rejection from the shapes of Wishart matrices.
class SingularValueRejection {
  public:
    /// Throws UsageError where fewer than one of 10^4 proposals would be accepted (square matrices
    /// from about n = 10 on).
    SingularValueRejection(Index n, Index m);

    /// About exp(-log_rejection_acceptance(n, m)) proposals of one n x n SVD each.
    [[nodiscard]] std::vector<double> draw(RandomSequence& random) const;

  private:
    Index n_;
    Index m_;
};

/// A Markov chain on the logarithms of the gaps between the singular values (a log-concave
/// n-dimensional law) by Hamiltonian Monte Carlo, for any size: 8 steps of n^2 operations each.
class SingularValueChain {
  public:
    SingularValueChain(Index n, Index m, RandomSequence& random);

    /// One trajectory; in warm-up the step size learns an acceptance of 0.8.
    void advance(RandomSequence& random, bool warm_up);

    /// Of the chain's own scale, whose sum is gamma-distributed with shape nm in the long run.
    [[nodiscard]] const std::vector<double>& singular_values() const { return now_.values; }

  private:
    struct Point {
        std::vector<double> log_gaps;
        std::vector<double> values;
        std::vector<double> gradient;
        double log_density = 0.0;
    };
    void evaluate(Point& point) const;

    double excess_;  ///< m - n
    StepSize step_;
    Point now_;
    Point next_;
    std::vector<double> momentum_;
};

/// Singular values of a draw for any size: a chain of its own from a start near the mode, half of
/// its `trajectories` warm-up, with the sum replaced by an exact gamma variate.
[[nodiscard]] std::vector<double> chain_singular_values(RandomSequence& random, Index n, Index m,
                                                        int trajectories = 200);

/// U diag(s) V^T (n x m) with uniform U and V.
[[nodiscard]] Matrix matrix_of_singular_values(RandomSequence& random, Index m,
                                               const std::vector<double>& singular_values);

}  // namespace tessera
