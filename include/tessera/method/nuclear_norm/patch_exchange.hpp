#pragma once

#include <vector>

#include "tessera/method/nuclear_norm/chain_groups.hpp"
#include "tessera/method/nuclear_norm/matrix_layout.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// Moves entries between a tensor's blocks and the matrices that are cut out of it, patch after
/// patch, so that no rank ever holds more than its own block and its own matrices.
class PatchExchange {
  public:
    PatchExchange(Partition partition, MatrixLayout layout, ChainGroups groups);

    [[nodiscard]] const MatrixLayout& layout() const { return layout_; }
    [[nodiscard]] const ChainGroups& groups() const { return groups_; }
    /// This rank's rows of each of its matrices.
    [[nodiscard]] Range own_rows() const;
    [[nodiscard]] Index local_entries() const { return own_rows().size() * layout_.columns(); }

    /// This rank's rows of its group's matrices, one after the other, row-major (collective).
    /// T: float, double, std::uint8_t.
    template <typename T>
    [[nodiscard]] DeviceView<T> gather(const DenseTensor<T>& tensor) const;

    /// Where this rank's block and a matrix meet; may be empty.
    [[nodiscard]] Box meeting(Index matrix) const;
    /// Brings what a group holds of a matrix to the owners of its entries: each of `fields` (as
    /// `gather` returns them) to the entry of `targets` at the same place, row-major in
    /// `meeting(matrix)`. Collective over all ranks of the tensor.
    void collect(Index matrix, int group, const std::vector<DeviceView<double>>& fields,
                 const std::vector<DeviceView<double>>& targets) const;

  private:
    [[nodiscard]] Box own_part(Index matrix, int group) const;

    Partition partition_;
    MatrixLayout layout_;
    ChainGroups groups_;
};

}  // namespace tessera
