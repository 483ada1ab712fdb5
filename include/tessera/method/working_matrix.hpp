#pragma once

#include <optional>
#include <vector>

#include "tessera/base/archive.hpp"
#include "tessera/linalg/matrix.hpp"
#include "tessera/method/column_modes.hpp"
#include "tessera/problem/problem.hpp"

namespace tessera {

/// The observation as the tall matrix that svd and nmf decompose: modes ordered so that the
/// columns are consecutive, whole rows on each rank, in host memory. Shares the observation's block
/// where it already lies that way and nobody wants to write to it.
template <typename T>
class WorkingMatrix {
  public:
    /// Collective. `writable` asks for a copy of the observation, never the thing itself.
    WorkingMatrix(const Problem<T>& problem, ColumnModes modes, bool writable);

    [[nodiscard]] const ColumnModes& modes() const { return modes_; }
    [[nodiscard]] const DenseTensor<T>& tensor() const { return tensor_; }
    [[nodiscard]] const Communicator& communicator() const { return tensor_.communicator(); }
    [[nodiscard]] Index rows() const { return tensor_.size() / columns(); }
    [[nodiscard]] Index columns() const {
        return tensor_.shape().product(modes_.first, modes_.last);
    }

    /// This rank's part of the matrix, to read and to write. Writing needs `writable`, and `store`
    /// after it.
    [[nodiscard]] SlabMatrix<const T> values() const { return slab<const T>(host_.data()); }
    [[nodiscard]] SlabMatrix<T> writable_values() const { return slab<T>(host_.data()); }
    /// Brings the tensor's block in line with `values`, and the other way round. Both cost nothing
    /// where host and device memory are the same.
    void store() const { Kokkos::deep_copy(tensor_.block(), host_); }
    void reload() const { Kokkos::deep_copy(host_, tensor_.block()); }

    /// One byte per entry, as `values`; null when nothing is missing.
    [[nodiscard]] const std::uint8_t* mask() const { return mask_ ? host_mask_.data() : nullptr; }
    /// Another block with `columns` entries in place of the columns (scores, an estimate).
    template <typename U>
    [[nodiscard]] SlabMatrix<U> with_columns(U* data, Index columns) const {
        SlabMatrix<U> matrix = slab<U>(data);
        matrix.columns = columns;
        return matrix;
    }
    /// Number of rows on this rank.
    [[nodiscard]] Index local_rows() const { return values().rows(); }
    /// Where a block with `columns` entries in place of the columns lies in the whole.
    [[nodiscard]] BlockPlace place(Index columns) const;

    /// A new tensor of the working layout.
    [[nodiscard]] DenseTensor<T> like(const std::string& label) const;
    /// A tensor of the working layout in the observation's order and partition (collective).
    [[nodiscard]] DenseTensor<T> back(const DenseTensor<T>& tensor) const;

  private:
    template <typename U>
    [[nodiscard]] SlabMatrix<U> slab(U* data) const {
        const Extents block = tensor_.block_shape();
        return {data, block.product(0, modes_.first), block.product(modes_.first, modes_.last),
                block.product(modes_.last, block.order())};
    }

    Partition original_;
    ColumnModes modes_;
    DenseTensor<T> tensor_;
    std::optional<Mask> mask_;
    HostView<T> host_;  ///< the tensor's block, or its mirror when that lies on a device
    HostView<std::uint8_t> host_mask_;
};

}  // namespace tessera
