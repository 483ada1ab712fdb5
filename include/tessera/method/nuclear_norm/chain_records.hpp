#pragma once

#include <array>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/method/nuclear_norm/chain_groups.hpp"
#include "tessera/sampling/convergence.hpp"

namespace tessera {

/// Numbers that a chain is traced by.
struct ChainState {
    double penalty = 0.0;         ///< lambda, in units of the noise level
    double noise = 0.0;           ///< standard deviation, in the units of the data
    double nuclear_norm = 0.0;    ///< weighted, in the units of the data
    double log_posterior = 0.0;   ///< of the matrix given the scales, up to a constant
    double effective_rank = 0.0;  ///< exponential of the spectrum's entropy (Roy and Vetterli 2007)
    std::array<double, 3> entries = {};  ///< three entries of the matrix, in the data's units

    static constexpr Index count = 8;
    [[nodiscard]] std::array<double, count> numbers() const {
        return {penalty,        noise,      nuclear_norm, log_posterior,
                effective_rank, entries[0], entries[1],   entries[2]};
    }
};

/// What the traces say about the chains.
struct ConvergenceSummary {
    double worst_r_hat = 1.0;
    double least_bulk = 0.0;  ///< effective draws, of all chains of a matrix together
    double least_tail = 0.0;
    double share_failed = 0.0;  ///< of the quantities that were judged
    Index judged = 0;
};

/// Traces of evenly chosen matrices: kept by the first rank of the group that a chain belongs to.
class ChainRecords {
  public:
    ChainRecords(const ChainGroups& groups, Index matrices, const NuclearNormOptions& options);

    [[nodiscard]] bool traced(Index unit) const;
    /// Keeps the state of a traced unit of this group after step `step`.
    void keep(Index unit, Index step, const ChainState& state);

    /// All traces: traced units x numbers x steps, on every rank (collective).
    [[nodiscard]] std::vector<double> gather(const Communicator& communicator) const;
    [[nodiscard]] Extents shape() const;
    /// R-hat and effective draws after the warm-up over the chains of each traced matrix. What is
    /// constant (a fixed penalty) is not judged.
    [[nodiscard]] ConvergenceSummary judge(const std::vector<double>& traces) const;

    void serialise(Archive& archive);

  private:
    [[nodiscard]] Index traced_number(Index unit) const;
    [[nodiscard]] Range own_traced() const;

    ChainGroups groups_;
    Index distance_;  ///< between traced matrices
    Index traced_units_;
    Index warm_up_;
    Index steps_;
    double maximum_r_hat_;
    double minimum_effective_draws_;
    std::vector<double> own_;  ///< own traced units x numbers x steps; empty but on a first rank
};

}  // namespace tessera
