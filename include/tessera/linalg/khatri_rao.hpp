#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"

namespace tessera {

/// Rows of a factor, row-major with one column per component, in host memory.
struct FactorView {
    const double* data = nullptr;
    Index rows = 0;
};

/// The column-wise Khatri-Rao product of some factors (Kolda and Bader 2009, section 2.6): row
/// (i, j, ..) is the entry-wise product of row i of the first, row j of the second factor, .., with
/// rows numbered row-major (last factor fastest). It is never formed as a whole; the factors must
/// outlive it. The product of no factors is one row of ones.
class KhatriRao {
  public:
    KhatriRao(std::vector<FactorView> factors, Index rank);

    [[nodiscard]] Index rows() const { return rows_; }
    [[nodiscard]] Index rank() const { return rank_; }

    /// Writes rows begin..end-1, `stride` >= rank entries apart, with zeros behind each row.
    template <typename T>
    void panel(Index begin, Index end, Index stride, T* out) const;

  private:
    std::vector<FactorView> factors_;
    Index rank_;
    Index rows_ = 1;
};

/// What a product writes: the result, or the result added to what is there.
enum class Target { set, add };

// Products of a dense matrix with a Khatri-Rao product, which is formed in panels that stay in
// cache: the two halves of a matricised tensor times Khatri-Rao product (MTTKRP) that read the
// tensor. `a` is rows x columns, row-major, in host memory; `out` is row-major with k.rank()
// columns. Panels are multiplied in T and added up in float64. Threads share the work; the bits of
// the result do not depend on their number.

/// out (rows x rank) = a k, for k of a's columns.
template <typename T>
void row_products(const T* a, Index rows, Index columns, const KhatriRao& k, double* out,
                  Target target = Target::set);

/// out (columns x rank) = a^T k, for k of a's rows.
template <typename T>
void column_products(const T* a, Index rows, Index columns, const KhatriRao& k, double* out,
                     Target target = Target::set);

/// out (row-major, left.rows() x right.rows()) = left diag(weights) right^T: the tensor that the
/// factors stand for, unfolded.
template <typename T>
void reconstruct(const KhatriRao& left, const std::vector<double>& weights, const KhatriRao& right,
                 T* out);

}  // namespace tessera
