#pragma once

#include <cstdint>
#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/linalg/matrix_operator.hpp"

namespace tessera {

/// What the solvers see: the operator turned so that it has at least as many rows as columns, with
/// known right vectors V taken out, and scaled: B = scale A (I - V V^T). Where A V = U S holds to
/// rounding, as it does for Triplets, B = scale (A - U S V^T), but only short vectors are needed
/// for it.
class TallOperator {
  public:
    /// `locked` holds the local part of V (may be null); both must outlive this.
    TallOperator(const MatrixOperator& a, const Matrix* locked);

    [[nodiscard]] const Communicator& communicator() const { return a_.communicator(); }
    [[nodiscard]] bool transposed() const { return transposed_; }
    [[nodiscard]] Index rows() const { return transposed_ ? a_.columns() : a_.rows(); }
    [[nodiscard]] Index columns() const { return transposed_ ? a_.rows() : a_.columns(); }
    [[nodiscard]] Index local_rows() const;
    [[nodiscard]] Index local_columns() const;
    /// Global numbers of owned rows and columns.
    [[nodiscard]] Index global_row(Index local_row) const {
        return transposed_ ? a_.global_column(local_row) : a_.global_row(local_row);
    }
    [[nodiscard]] Index global_column(Index local_column) const {
        return transposed_ ? a_.global_row(local_column) : a_.global_column(local_column);
    }
    [[nodiscard]] Index locked_count() const { return locked_ == nullptr ? 0 : locked_->columns; }

    void apply(const double* x, double* y) const;
    void apply_transpose(const double* y, double* x) const;
    /// scale A^T y, the locked vectors left in: for measuring residuals of A itself.
    void apply_whole_transpose(const double* y, double* x) const;

    /// Takes the locked vectors out of `x` (local part of a short vector).
    void project_out(double* x) const;
    /// Standard normal numbers keyed by the global index, without the locked vectors; `number`
    /// tells the vectors of one seed apart.
    void random_short_vector(std::uint64_t seed, std::uint32_t number, double* x) const;
    /// Likewise for the long side (nothing is taken out).
    void random_long_vector(std::uint64_t seed, std::uint32_t number, double* y) const;

    /// Largest singular value of B to within a small factor, from below, by two steps of the power
    /// method; 0 exactly only for B = 0. Throws UsageError when A has NaN or infinite entries.
    [[nodiscard]] double estimate_norm(std::uint64_t seed) const;

    [[nodiscard]] double scale() const { return scale_; }
    void set_scale(double scale) { scale_ = scale; }

  private:
    const MatrixOperator& a_;
    const Matrix* locked_;
    bool transposed_;
    double scale_ = 1.0;
    mutable std::vector<double> projected_;
};

/// Euclidean norm of a vector shared out over ranks, without overflow or underflow (collective).
[[nodiscard]] double distributed_norm(const Communicator& communicator, const double* x,
                                      Index local_count);

}  // namespace tessera
