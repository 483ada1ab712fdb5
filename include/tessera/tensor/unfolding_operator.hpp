#pragma once

#include "tessera/linalg/matrix_operator.hpp"
#include "tessera/tensor/dense_tensor.hpp"
#include "tessera/tensor/unfolding.hpp"

namespace tessera {

/// An unfolding (see unfolding.hpp: the columns are modes first_mode..last_mode-1) of a tensor on any
/// grid as a matrix operator, without moving or copying the tensor. A product gathers the vector
/// among the ranks that share the column block, makes one pass over the own block, and
/// reduce-scatters among the ranks that share the row block. Products and sums are float64 also for
/// float32 tensors.
///
/// The rows of a block are shared out evenly, in row-major order, over the ranks that hold them; the
/// columns likewise. Rows and columns are numbered globally in row-major order of their modes.
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
    [[nodiscard]] Index local_rows() const override { return own_rows_.size(); }
    [[nodiscard]] Index local_columns() const override { return own_columns_.size(); }
    [[nodiscard]] Index global_row(Index local_row) const override;
    [[nodiscard]] Index global_column(Index local_column) const override;

    void apply(const double* x, double* y) const override;
    void apply_transpose(const double* y, double* x) const override;

  private:
    DenseTensor<T> tensor_;
    int first_mode_;
    int last_mode_;
    Unfolding whole_;
    Unfolding block_;
    Communicator same_columns_;  ///< ranks that hold the same columns, other rows
    Communicator same_rows_;     ///< ranks that hold the same rows, other columns
    Range own_rows_;             ///< of the block's rows
    Range own_columns_;          ///< of the block's columns
    HostView<double> host_rows_;  ///< a vector over the block's rows, and its device twin
    DeviceView<double> device_rows_;
    HostView<double> host_columns_;
    DeviceView<double> device_columns_;
};

}  // namespace tessera
