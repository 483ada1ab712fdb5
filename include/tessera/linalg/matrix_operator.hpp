#pragma once

#include "tessera/base/types.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// A real matrix known only by its products, with its rows and columns (the entries of the vectors
/// it maps to and from) shared out over the ranks: each belongs to exactly one rank. Vectors are
/// float64 in host memory. All products are collective over `communicator()`.
class MatrixOperator {
  public:
    virtual ~MatrixOperator() = default;
    MatrixOperator(const MatrixOperator&) = delete;
    MatrixOperator& operator=(const MatrixOperator&) = delete;

    [[nodiscard]] virtual const Communicator& communicator() const = 0;
    [[nodiscard]] virtual Index rows() const = 0;
    [[nodiscard]] virtual Index columns() const = 0;
    /// How many rows (columns) this rank owns; may be 0.
    [[nodiscard]] virtual Index local_rows() const = 0;
    [[nodiscard]] virtual Index local_columns() const = 0;
    /// Place of an owned row (column) in the whole, in an order that does not depend on the number
    /// of ranks: what start vectors are keyed by.
    [[nodiscard]] virtual Index global_row(Index local_row) const = 0;
    [[nodiscard]] virtual Index global_column(Index local_column) const = 0;

    /// y = A x: `x` has `local_columns()` entries, `y` `local_rows()`; they do not overlap.
    virtual void apply(const double* x, double* y) const = 0;
    /// x = A^T y.
    virtual void apply_transpose(const double* y, double* x) const = 0;

  protected:
    MatrixOperator() = default;
};

}  // namespace tessera
