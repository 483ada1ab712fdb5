#include "tessera/method/svd/svd_options.hpp"

namespace tessera {

void SvdOptions::declare(OptionTable& table) {
    table.add("columns", columns, "axes that form the columns of the matrix; all others its rows")
        .example("[\"bands\"]")
        .details("Left out, the axis named bands, or the last one.");
    table.add_choice(
        "truncation", truncation,
        {{"rank", Truncation::rank, "keep `rank` triplets"},
         {"energy", Truncation::energy, "keep the share `energy` of the squared norm"},
         {"error", Truncation::error, "relative error of the truncation at most `error`"},
         {"shrinkage", Truncation::shrinkage,
          "optimal shrinkage for the noise level (Gavish and Donoho 2017, Frobenius loss)"},
         {"threshold", Truncation::threshold,
          "optimal hard threshold for the noise level (Gavish and Donoho 2014)"},
         {"hysime", Truncation::hysime,
          "signal subspace of minimum error (Bioucas-Dias and Nascimento 2008)"}},
        "what decides which singular values are kept");
    table.add("rank", rank, "number of triplets kept; used with truncation = \"rank\"").minimum(1);
    table.add("energy", energy, "share of the squared norm kept").above(0.0).maximum(1.0);
    table.add("error", error, "relative Frobenius error of the truncation").above(0.0).below(1.0);
    table
        .add_number_or_list("noise_sigma", noise_sigma,
                            "standard deviation of the noise, one or one per column")
        .above(0.0)
        .example("0.1")
        .details(
            "Left out, the level that the problem states (data.noise or [[corrupt]]); where that "
            "is unknown, it is estimated: from the median singular value for shrinkage and "
            "threshold, by regression between bands for hysime and whitening.");
    table
        .add("whiten", whiten,
             "divide each column by its noise level before the decomposition, and undo it after")
        .details(
            "For noise that differs from band to band. The levels are estimated if not known.");
    table.add_choice("stabilise", stabilisation,
                     {{"none", Stabilisation::none, ""},
                      {"anscombe", Stabilisation::anscombe,
                       "generalised Anscombe transform: makes the noise of counts uniform; needs "
                       "the peak of data.noise or of [[corrupt]]"}},
                     "variance-stabilising transform around the decomposition");
    table.add_choice(
        "solver", solver,
        {{"auto", Solver::automatic, "tsqr up to 4096 columns, trlanczos beyond"},
         {"tsqr", Solver::tsqr, "QR of the tall matrix, then a small dense SVD: all triplets"},
         {"trlanczos", Solver::trlanczos, "SLEPc, thick-restart Lanczos bidiagonalisation"},
         {"cross", Solver::cross, "SLEPc, eigenvalues of the cross product: half the digits"},
         {"randomized", Solver::randomized, "SLEPc, randomised subspace iteration"},
         {"scalapack", Solver::scalapack, "dense, distributed: small problems only"}},
        "how singular triplets are computed");
    table
        .add("triplets_per_step", triplets_per_step,
             "triplets that an iterative solver finds between two possible checkpoints")
        .minimum(1);
    table.add("solver_tolerance", solver_tolerance, "relative residual of a singular triplet")
        .above(0.0)
        .below(1.0);
    table
        .add("solver_maximum_iterations", solver_maximum_iterations,
             "iterations of the solver per batch of triplets")
        .minimum(1);
    table
        .add("imputation_maximum_steps", imputation_maximum_steps,
             "most rounds of filling in missing entries")
        .minimum(1);
    table
        .add("imputation_tolerance", imputation_tolerance,
             "stop when missing entries change by less than this, relative to their norm")
        .above(0.0);
}

bool svd_is_direct(const SvdOptions& options, Index columns) {
    constexpr Index most_columns_for_tsqr = 4096;
    return options.solver == SvdOptions::Solver::tsqr ||
           (options.solver == SvdOptions::Solver::automatic && columns <= most_columns_for_tsqr);
}

}  // namespace tessera
