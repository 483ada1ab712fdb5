#pragma once

#include <cstdint>
#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// The observed entries of a rank's rows of a matrix, row after row, and the updates of a
/// nonnegative factorisation x(i, j) ~ sum over r of w(i, r) h(j, r) that look at these entries
/// alone: weighted hierarchical alternating least squares with weights 0 and 1 (Ho 2008, section
/// 3.5). A step costs about 8 x entries x rank operations, whatever the size of the matrix.
template <typename T>
class ObservedEntries {
  public:
    /// `values` and `mask` (one byte per entry) as a SlabMatrix lies.
    ObservedEntries(SlabMatrix<const T> values, const std::uint8_t* mask);

    /// Number of observed entries of this rank.
    [[nodiscard]] Index count() const { return static_cast<Index>(values_.size()); }
    /// Sum of the squared observed entries of this rank.
    [[nodiscard]] double squared_norm() const;

    /// Improves the rows of `w` (this rank's rows x rank, row-major) with `h` (columns x rank) as
    /// it is. A row without entries becomes 0; an entry of `w` that no observed entry depends on
    /// keeps its value, so that a component of which `h` has vanished can return. Leaves the
    /// residuals of the new rows for `update_columns`.
    void update_rows(Index rank, const double* h, double* w);
    /// Improves `h`, which all ranks of the communicator hold alike. Collective. Returns the sum of
    /// the squared residuals of all ranks afterwards.
    double update_columns(Index rank, const double* w, double* h, const Communicator& communicator);

  private:
    std::vector<Index> begins_;  ///< of each row; one more than rows
    std::vector<std::int32_t> columns_;
    std::vector<T> values_;
    std::vector<double> residuals_;
};

}  // namespace tessera
