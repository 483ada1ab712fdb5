#pragma once

#include <vector>

#include "tessera/tensor/fused_contraction.hpp"
#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

/// What FusedContraction does, at some entries of the block only: the model is formed entry by
/// entry (a sampled product), and the gradients by as many sparse updates. The cost is in
/// proportion to the number of entries. Products of leading factors' rows are kept while they stay
/// the same, so that entries in row-major order cost little more than two rows of the last factor
/// each.
template <typename T>
class ListedContraction {
  public:
    /// As FusedContraction's; at least two factors.
    [[nodiscard]] static ListedContraction components(std::vector<FactorPart<T>> factors);
    [[nodiscard]] static ListedContraction tucker(std::vector<FactorPart<T>> factors,
                                                  FactorPart<T> core);

    /// Adds the derivatives of the training entries' cost to the factors' gradients. `offsets` are
    /// the entries' row-major places in the block, ascending; the numbers of `data` and `outliers`
    /// are those of these entries, one behind the other. Not collective. The sums do not depend on
    /// the number of threads but for rounding.
    FitSums run(const std::vector<Index>& offsets, const FitData<T>& data, const EntryLoss& loss,
                const OutlierTerm<T>& outliers = {}) const;
    /// The model at these entries, one behind the other.
    [[nodiscard]] std::vector<T> evaluate(const std::vector<Index>& offsets) const;
    /// Multiplications and additions of `run` that are expected where so large a share of the
    /// entries, spread evenly, is listed.
    [[nodiscard]] double operations(double share) const;

  private:
    class Walk;

    ListedContraction(std::vector<FactorPart<T>> factors, FactorPart<T> core)
        : factors_(std::move(factors)), core_(core) {}
    /// Numbers that are left when the first `factor` + 1 factors have been multiplied.
    [[nodiscard]] Index size_behind(std::size_t factor) const;
    [[nodiscard]] bool is_tucker() const { return core_.width > 0; }

    std::vector<FactorPart<T>> factors_;
    FactorPart<T> core_;  ///< width 0: none
};

/// Where this rank's entries lie in its block, row-major and ascending, as ListedContraction wants
/// them. The block must have fewer than 2^63 positions. Not collective.
template <typename T>
[[nodiscard]] std::vector<Index> block_offsets(const SparseTensor<T>& entries);

}  // namespace tessera
