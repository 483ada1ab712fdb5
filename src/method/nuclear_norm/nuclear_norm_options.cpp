#include "tessera/method/nuclear_norm/nuclear_norm_options.hpp"

namespace tessera {
namespace {

void declare_matrices(NuclearNormOptions& options, OptionTable& table) {
    table
        .add("columns", options.columns,
             "axes that form the columns of each matrix; all others its rows")
        .example("[\"bands\"]")
        .details("Left out, the axis named bands, or the last one.");
    table
        .add("patch", options.patch,
             "extents of the pieces that are matrices of their own, per axis; 0: the whole axis")
        .minimum(0)
        .example("[8, 8, 0]")
        .details(
            "Left out, the whole tensor is one matrix. An extent of 1 makes every slice along that "
            "axis a matrix: [0, 0, 1] each band of a cube, [1, 0, 0] each image of a stack.");
    table
        .add("stride", options.stride,
             "distance of one piece from the next, per axis; 0: as long as the piece")
        .minimum(0)
        .example("[4, 4, 0]")
        .details(
            "Smaller than the piece, pieces overlap: the estimate is their mean, and so is the "
            "standard deviation, as if the errors of overlapping pieces were the same.");
    table
        .add("ranks_per_matrix", options.ranks_per_matrix,
             "ranks that each matrix is spread over by its rows; 0: as few as keep all ranks busy")
        .minimum(0);
}

void declare_likelihood(NuclearNormOptions& options, OptionTable& table) {
    using Likelihood = NuclearNormOptions::Likelihood;
    table.add_choice(
        "likelihood", options.likelihood,
        {{"auto", Likelihood::automatic,
          "poisson where the problem's noise is that of counts, else gaussian"},
         {"gaussian", Likelihood::gaussian, "one noise level for each matrix, known or inferred"},
         {"poisson", Likelihood::poisson,
          "counts of the peak and readout noise that the problem states"}},
        "what is known of the noise");
    table
        .add(
            "rate_smoothing", options.rate_smoothing,
            "b of the intensity of counts, b log(1 + exp(peak x / b)): below it, dark and negative "
            "entries go to zero smoothly")
        .above(0.0)
        .unit("counts");
}

void declare_chains(NuclearNormOptions& options, OptionTable& table) {
    using Sampler = NuclearNormOptions::Sampler;
    table.add_choice(
        "sampler", options.sampler,
        {{"auto", Sampler::automatic,
          "svd_gibbs where the noise is Gaussian, no weights are given, nothing is missing and a "
          "matrix has at most 4 million entries, else harmonic_flow"},
         {"harmonic_flow", Sampler::harmonic_flow,
          "Hamiltonian flow of the likelihood exactly, kicks by the smoothed prior"},
         {"proximal", Sampler::proximal, "proximal Langevin, Metropolis-corrected (Pereyra 2016)"},
         {"moreau_yosida", Sampler::moreau_yosida,
          "unadjusted Langevin on the Moreau envelope: cheap, and biased"},
         {"svd_gibbs", Sampler::svd_gibbs,
          "singular vectors and values in turn; each matrix on one rank"}},
        "what moves the matrices");
    table.add("chains", options.chains, "independent chains of each matrix")
        .minimum(2)
        .details(
            "They start at different places; that they agree in the end is how the method "
            "knows that it is done.");
    table
        .add("warm_up", options.warm_up,
             "steps before the draws that count: step sizes are learnt in them")
        .minimum(10);
    table.add("draws", options.draws, "draws of each chain after the warm-up").minimum(10);
    table
        .add("interval", options.interval,
             "share of the posterior between the two quantile maps; 0: no quantiles")
        .minimum(0.0)
        .below(1.0)
        .details(
            "Quantiles are estimated on the fly (Jain and Chlamtac 1985), without storing "
            "draws; they need 64 bytes for each entry of each chain.");
    table
        .add("traced_matrices", options.traced_matrices,
             "number of matrices, evenly spread, of which the traces are kept and judged")
        .minimum(1);
    table
        .add("maximum_r_hat", options.maximum_r_hat,
             "rank-normalised split R-hat up to which chains count as converged")
        .above(1.0);
    table
        .add("minimum_effective_draws", options.minimum_effective_draws,
             "effective sample size, bulk and tail, from which on chains count as converged")
        .minimum(0.0);
}

void declare_scales(NuclearNormOptions& options, OptionTable& table) {
    using Kind = PenaltyPrior::Kind;
    table.add("penalty", options.penalty, "lambda of the nuclear norm in units of the noise level")
        .auto_word("infer")
        .above(0.0);
    table
        .add("weights", options.weights,
             "weights of the singular values in the norm, from the largest on; the last one counts "
             "for all further ones")
        .above(0.0)
        .example("[0.1, 0.1, 1.0]")
        .details(
            "Left out, all are 1. Ascending weights (Gu et al. 2014) shrink large singular values "
            "less; the posterior may then have several modes.");
    table.add_choice(
        "penalty_prior", options.penalty_prior.kind,
        {{"half_cauchy", Kind::half_cauchy, "1 / (1 + (lambda / penalty_scale)^2)"},
         {"paper", Kind::paper,
          "lambda^(-1/2) / (1 + lambda): what the inverse-gamma pair of arXiv "
          "2510.05447 comes to"},
         {"gamma", Kind::gamma, "lambda^(penalty_shape - 1) exp(-penalty_rate lambda)"}},
        "prior of an inferred penalty");
    table.add("penalty_scale", options.penalty_prior.scale, "scale of the half-Cauchy prior")
        .above(0.0);
    table.add("penalty_shape", options.penalty_prior.shape, "shape of the gamma prior").above(0.0);
    table.add("penalty_rate", options.penalty_prior.rate, "rate of the gamma prior").above(0.0);
    table
        .add_number_or_list("noise_sigma", options.noise_sigma,
                            "standard deviation of the noise, one or one per band")
        .above(0.0)
        .example("0.1")
        .details(
            "Left out, the level that the problem states (data.noise or [[corrupt]]); where "
            "that is unknown, it is inferred, one level for each matrix.");
    table.add("infer_noise", options.infer_noise,
              "infer the noise level even where it is known (its ratios between bands are kept)");
    table
        .add("noise_shape", options.noise_prior.shape,
             "shape of the inverse-gamma prior of an inferred noise variance; 0 with noise_scale = "
             "0: the reference prior")
        .minimum(0.0);
    table
        .add("noise_scale", options.noise_prior.scale,
             "scale of the inverse-gamma prior of an inferred noise variance")
        .minimum(0.0);
}

}  // namespace

void NuclearNormOptions::declare(OptionTable& table) {
    declare_matrices(*this, table);
    declare_likelihood(*this, table);
    declare_chains(*this, table);
    declare_scales(*this, table);
}

}  // namespace tessera
