#pragma once

#include "tessera/method/nuclear_norm/matrix_layout.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// How chains of matrices are shared out over ranks: equal groups of ranks, each with a contiguous
/// range of units. Unit `matrix * chains + chain` is one chain of one matrix; chains of a matrix
/// are next to each other, so that they share its measurement where they share a group.
class ChainGroups {
  public:
    /// Collective; the sampler must have been chosen. Throws UsageError when `ranks_per_matrix`
    /// does not divide the number of ranks, or is more than one for a sampler of whole matrices.
    ChainGroups(const Communicator& communicator, const MatrixLayout& layout,
                const NuclearNormOptions& options);
    /// The number of ranks of a group that the constructor would choose.
    [[nodiscard]] static Index group_size(Index ranks, Index units,
                                          const NuclearNormOptions& options);

    /// The ranks that this one shares its matrices with.
    [[nodiscard]] const Communicator& group() const { return group_; }
    [[nodiscard]] int group_count() const { return group_count_; }
    [[nodiscard]] int own_number() const { return own_number_; }
    [[nodiscard]] Index unit_count() const { return units_; }
    [[nodiscard]] Index chains() const { return chains_; }
    /// Units of a group, and the matrices that these are chains of.
    [[nodiscard]] Range units(int group) const;
    [[nodiscard]] Range matrices(int group) const;
    [[nodiscard]] Range own_units() const { return units(own_number_); }
    [[nodiscard]] Range own_matrices() const { return matrices(own_number_); }
    /// Groups that hold chains of a matrix.
    [[nodiscard]] Range groups_of(Index matrix) const;

  private:
    int group_count_;
    int own_number_;
    Communicator group_;
    Index units_;
    Index chains_;
};

}  // namespace tessera
