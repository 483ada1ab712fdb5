#pragma once

#include "tessera/sampling/random_sequence.hpp"

namespace tessera {

/// The prior of the nuclear norm's penalty lambda (in standard units).
struct PenaltyPrior {
    enum class Kind {
        half_cauchy,  ///< density proportional to 1 / (1 + (lambda/scale)^2)
        paper,  ///< lambda^(-1/2) / (1 + lambda), a beta-prime(1/2, 1/2) law: what the pair of
                ///< inverse-gamma laws of arXiv 2510.05447 comes to
        gamma   ///< lambda^(shape - 1) exp(-rate lambda)
    };
    Kind kind = Kind::half_cauchy;
    double scale = 1.0;  ///< of half_cauchy
    double shape = 1.0;  ///< of gamma, > 0
    double rate = 1.0;   ///< of gamma, > 0
};

/// Logarithm of the prior's density up to a constant.
[[nodiscard]] double log_density(const PenaltyPrior& prior, double lambda);

/// Exact draw of lambda given the unknown in standard units, with density proportional to
/// prior(lambda) lambda^entries exp(-lambda nuclear_norm), by rejection from gamma laws: the same
/// for every norm that is homogeneous of degree one, weighted ones too. At least two entries; the
/// norm > 0 (at zero no proper law is left, unless the prior is gamma).
[[nodiscard]] double draw_penalty(RandomSequence& random, const PenaltyPrior& prior, double entries,
                                  double nuclear_norm);

/// Inverse-gamma prior of the noise variance gamma^2; zeros are the reference prior 1/gamma^2.
struct NoisePrior {
    double shape = 0.0;
    double scale = 0.0;  ///< in units of gamma^2
};

/// What the scale parameters depend on, in standard units: Phi = X/gamma is the unknown and
/// r = Y/gamma - Phi the residual. Sums run over the observed entries and, of one penalty that many
/// matrices share, over the matrices.
struct ScaleSums {
    double entries = 0.0;       ///< n m, of all entries
    double observed = 0.0;      ///< how many entries are observed; at least two where gamma is free
    double nuclear_norm = 0.0;  ///< weighted or not
    double residual_squares = 0.0;
    double residual_times_phi = 0.0;
    double phi_squares = 0.0;
};

struct ScaleOptions {
    bool penalty_free = true;
    bool noise_free = true;
    PenaltyPrior penalty_prior;
    NoisePrior noise_prior;
    /// The sums are all that the data say about scales. Otherwise (counts) lambda is drawn given
    /// Phi alone, and the noise must not be free.
    bool gaussian = true;
};

/// New scale parameters: rho = 1/gamma; Phi is to be multiplied by `phi_factor`, and Y/gamma is
/// to be formed again with the new rho.
struct Scales {
    double lambda = 1.0;
    double rho = 1.0;
    double phi_factor = 1.0;
};

/// One draw of the free scale parameters, for Y | X ~ N(X, gamma^2) where observed and
/// X | gamma ~ NND(lambda/gamma) (arXiv 2510.05447, theorem 4.1: the posterior of X and gamma then
/// has one mode). Each is drawn in two parametrisations one after the other (interweaving, Yu and
/// Meng 2011), without which lambda and gamma hardly mix: lambda given Phi exactly, then given
/// lambda Phi by a slice (Neal 2003); rho given X exactly, then given Phi exactly. Leaves the
/// posterior as it is, whichever are free.
[[nodiscard]] Scales update_scales(RandomSequence& random, const ScaleOptions& options,
                                   const ScaleSums& sums, double lambda, double rho);

}  // namespace tessera
