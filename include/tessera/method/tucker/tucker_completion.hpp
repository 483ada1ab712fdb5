#pragma once

#include <vector>

#include "tessera/linalg/matrix.hpp"
#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

/// A Tucker model on every rank: factors (extent x rank) and a core, row-major over the ranks.
struct TuckerModel {
    std::vector<Matrix> factors;
    std::vector<double> core;

    /// The shape of the core.
    [[nodiscard]] std::vector<Index> ranks() const;
};

/// Alternating least squares on the observed entries alone: the rows of the factors by their normal
/// equations (as in Oh et al. 2018, "Scalable Tucker factorization for sparse tensors"), the core
/// by conjugate gradients. Entries are visited fibre by fibre, so that products of the core with
/// factor rows are formed once per fibre, not once per entry: the cost is in proportion to the
/// number of observed entries. Sums over entries are float64; for a given grid and number of
/// threads their order is fixed.
template <typename T>
class TuckerCompletion {
  public:
    /// Collective. Shares the entries, and takes 8 bytes per entry and mode (but the first) for
    /// their order.
    explicit TuckerCompletion(const SparseTensor<T>& observed);

    /// Sum of squares of the observed entries of all ranks.
    [[nodiscard]] double squared_norm() const { return squared_norm_; }

    /// Each row of the factor becomes the minimiser of the squared error on its entries; then the
    /// factor is made orthonormal, and the core takes the triangle. A share `ridge` of the mean of
    /// all rows' normal equations is added to each row's: rows with few entries lean to the mean
    /// row, rows with none become it. Collective; MemoryError.
    void update_factor(TuckerModel& model, int mode, double ridge) const;

    /// Conjugate gradient iterations towards the core that minimises the squared error on the
    /// observed entries; returns that error. Collective.
    double update_core(TuckerModel& model, Index iterations) const;

  private:
    [[nodiscard]] HostView<double> normal_equations(const TuckerModel& model, int mode) const;

    SparseTensor<T> observed_;
    HostView<std::uint32_t> positions_;
    HostView<T> values_;
    /// Of each mode: the entries slice by slice, in row-major order within a slice (empty for the
    /// first mode: they lie that way), and where the slices of the box begin.
    std::vector<std::vector<Index>> sorted_;
    std::vector<std::vector<Index>> slices_;
    double squared_norm_ = 0.0;
};

}  // namespace tessera
