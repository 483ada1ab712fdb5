#pragma once

#include <string>
#include <vector>

#include "tessera/base/option_table.hpp"
#include "tessera/base/types.hpp"

namespace tessera {

/// The keys of the deck's [method] table for `name = "svd"`.
struct SvdOptions {
    enum class Truncation { rank, energy, error, shrinkage, threshold, hysime };
    enum class Solver { automatic, tsqr, trlanczos, cross, randomized, scalapack };
    enum class Stabilisation { none, anscombe };

    std::vector<std::string> columns;  ///< empty: the mode "bands", or the last one
    Truncation truncation = Truncation::shrinkage;
    Index rank = 10;
    double energy = 0.999;
    double error = 0.01;
    std::vector<double> noise_sigma;  ///< empty: from the problem, or estimated
    bool whiten = false;
    Stabilisation stabilisation = Stabilisation::none;
    Solver solver = Solver::automatic;
    Index triplets_per_step = 32;
    double solver_tolerance = 1e-12;
    Index solver_maximum_iterations = 1000;
    Index imputation_maximum_steps = 1000;
    double imputation_tolerance = 1e-4;

    void declare(OptionTable& table);
};

/// True when all triplets are computed at once (tsqr), false for the iterative solvers.
[[nodiscard]] bool svd_is_direct(const SvdOptions& options, Index columns);

}  // namespace tessera
