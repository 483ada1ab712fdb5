#pragma once

#include <vector>

#include "tessera/linalg/khatri_rao.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// The matricised tensor times Khatri-Rao products (MTTKRP) of one rank's block, for all modes in
/// one sweep of alternating updates, with a dimension tree of two levels (Phan, Tichavsky and
/// Cichocki 2013; Kaya and Ucar 2016): the modes are cut into a left and a right half, the block is
/// contracted once with the factors of each half, and the products of all modes come from these two
/// small intermediates. The block is read twice a sweep for any order.
///
/// No messages: every rank works with the factor rows of its own block.
template <typename T>
class DimensionTree {
  public:
    /// Copies the block into host memory where it lies on a device. Throws MemoryError on this rank
    /// alone (wrap in `agree`). The order is at least 2.
    DimensionTree(const DenseTensor<T>& tensor, Index rank);

    /// out(i, r) = sum over all entries x(.., i, ..) of the block of x times the entries (.., r) of
    /// all other factors; row-major, block extent of `mode` x rank. `factors` holds the rows of
    /// this block, one view per mode.
    ///
    /// Call it for modes 0, 1, .. in this order, sweep after sweep: the first mode of a half forms
    /// the half's intermediate from the other half's factors, which must then stay as they are
    /// until the half's last mode.
    void product(int mode, const std::vector<FactorView>& factors, double* out);

    /// The estimate with these factors and weights, in this block's shape.
    void estimate(const std::vector<FactorView>& factors, const std::vector<double>& weights,
                  T* out) const;

    /// Bytes of the intermediate for a block of that shape.
    [[nodiscard]] static double bytes(const Extents& block_shape, Index rank);

  private:
    [[nodiscard]] KhatriRao chain(const std::vector<FactorView>& factors, int first,
                                  int last) const;
    void contract_partial(int mode, const std::vector<FactorView>& factors, double* out) const;

    Extents shape_;
    Index rank_;
    int middle_;  ///< the left half are modes 0..middle_-1
    Index left_;
    Index right_;
    DeviceView<T> device_block_;
    HostView<T> block_;
    HostView<double> partial_;  ///< of the half in work: its extents x rank
};

/// Where the modes of a block are cut into two halves: the intermediates are smallest there.
[[nodiscard]] int dimension_tree_middle(const Extents& block_shape);

}  // namespace tessera
