#pragma once

#include "tessera/linalg/matrix_operator.hpp"
#include "tessera/parallel/part_collectives.hpp"
#include "tessera/tensor/dense_tensor.hpp"
#include "tessera/tensor/unfolding.hpp"

namespace tessera {

/// An unfolding (see unfolding.hpp: the columns are modes first_mode..last_mode-1) of a tensor on
/// any grid as a matrix operator, without moving or copying the tensor. A product gathers the
/// vector among the ranks that share the column block, makes one pass over the own block, and
/// reduce-scatters among the ranks that share the row block. Products and sums are float64 also for
/// float32 tensors.
///
/// The rows of a block are shared out evenly, in row-major order, over the ranks that hold them;
/// the columns likewise. Rows and columns are numbered globally in row-major order of their modes.
template <typename T>
class UnfoldingOperator : public MatrixOperator {
  public:
    /// Collective. Keeps the tensor's block alive, works on its current entries. Throws UsageError
    /// unless 0 <= first_mode < last_mode <= order, and MemoryError.
    UnfoldingOperator(const DenseTensor<T>& tensor, int first_mode, int last_mode);

    [[nodiscard]] const Communicator& communicator() const override {
        return tensor_.communicator();
    }
    [[nodiscard]] Index rows() const override { return whole_.rows(); }
    [[nodiscard]] Index columns() const override { return whole_.columns(); }
    [[nodiscard]] Index local_rows() const override { return own_size(row_parts_, same_rows_); }
    [[nodiscard]] Index local_columns() const override {
        return own_size(column_parts_, same_columns_);
    }
    [[nodiscard]] Index global_row(Index local_row) const override;
    [[nodiscard]] Index global_column(Index local_column) const override;

    void apply(const double* x, double* y) const override;
    void apply_transpose(const double* y, double* x) const override;

  private:
    /// Rows or columns as a grid of their own modes, to number them globally.
    struct Numbering {
        Extents shape;        ///< of the whole tensor in these modes
        Extents begin;        ///< of the block
        Extents block_shape;  ///< of the block
        [[nodiscard]] Index global(Index in_block) const;
    };
    [[nodiscard]] static Index own_size(const PartOffsets& parts, const Communicator& sharers) {
        const auto rank = static_cast<std::size_t>(sharers.rank());
        return parts[rank + 1] - parts[rank];
    }
    [[nodiscard]] Numbering numbering(bool column_modes) const;
    void allocate_buffers();
    /// The vector over the block's rows (columns) from this rank's part of it, in host memory, then
    /// in the memory of the execution space; and back.
    [[nodiscard]] const double* gather(const Communicator& sharers, const PartOffsets& parts,
                                       const double* own, const HostView<double>& buffer) const;
    void scatter(const Communicator& sharers, const PartOffsets& parts, double* own,
                 const HostView<double>& buffer) const;

    DenseTensor<T> tensor_;
    int first_mode_;
    int last_mode_;
    Unfolding whole_;
    Unfolding block_;
    Numbering row_numbering_;
    Numbering column_numbering_;
    Communicator same_columns_;  ///< ranks that hold the same columns, other rows
    Communicator same_rows_;     ///< ranks that hold the same rows, other columns
    PartOffsets row_parts_;      ///< of the block's rows, over same_rows_
    PartOffsets column_parts_;   ///< of the block's columns, over same_columns_
    HostView<double> host_rows_;
    DeviceView<double> device_rows_;
    HostView<double> host_columns_;
    DeviceView<double> device_columns_;
    DeviceView<double> work_;
};

}  // namespace tessera
