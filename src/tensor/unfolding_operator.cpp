#include "tessera/tensor/unfolding_operator.hpp"

#include <algorithm>

#include "slab_vector_products.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"

namespace tessera {
namespace {

constexpr bool on_host = Kokkos::SpaceAccessibility<Kokkos::HostSpace, DeviceSpace>::accessible;

int checked_first_mode(int first_mode, int last_mode, int order) {
    if (!(0 <= first_mode && first_mode < last_mode && last_mode <= order)) {
        throw UsageError("An unfolding by modes " + std::to_string(first_mode) + " to " +
                         std::to_string(last_mode - 1) +
                         " was asked for of a tensor with modes 0 to " + std::to_string(order - 1) +
                         ".");
    }
    return first_mode;
}

/// Ranks that differ only in the column modes (or only in the others).
Communicator sharers(const ProcessGrid& grid, int first_mode, int last_mode, bool along_columns) {
    std::vector<bool> modes;
    for (int mode = 0; mode < grid.order(); ++mode) {
        modes.push_back((first_mode <= mode && mode < last_mode) == along_columns);
    }
    return grid.along(modes);
}

/// A host vector where kernels can read it: itself, or a copy.
const double* to_device(const double* host, const DeviceView<double>& device) {
    if constexpr (on_host) {
        return host;
    } else {
        using Unmanaged = Kokkos::View<const double*, Kokkos::HostSpace, Kokkos::MemoryUnmanaged>;
        Kokkos::deep_copy(device, Unmanaged(host, device.extent(0)));
        return device.data();
    }
}

/// Where a kernel writes what shall end up in `host`.
double* device_target(double* host, const DeviceView<double>& device) {
    return on_host ? host : device.data();
}

void from_device(const DeviceView<double>& device, double* host) {
    Kokkos::fence("tessera: product before messages");
    if constexpr (!on_host) {
        using Unmanaged = Kokkos::View<double*, Kokkos::HostSpace, Kokkos::MemoryUnmanaged>;
        Kokkos::deep_copy(Unmanaged(host, device.extent(0)), device);
    }
}

}  // namespace

template <typename T>
UnfoldingOperator<T>::UnfoldingOperator(const DenseTensor<T>& tensor, int first_mode, int last_mode)
    : tensor_(tensor),
      first_mode_(checked_first_mode(first_mode, last_mode, tensor.order())),
      last_mode_(last_mode),
      whole_(tensor.shape(), first_mode, last_mode),
      block_(tensor.block_shape(), first_mode, last_mode),
      row_numbering_(numbering(false)),
      column_numbering_(numbering(true)),
      same_columns_(sharers(tensor.partition().grid(), first_mode, last_mode, false)),
      same_rows_(sharers(tensor.partition().grid(), first_mode, last_mode, true)),
      row_parts_(even_parts(same_rows_, block_.rows())),
      column_parts_(even_parts(same_columns_, block_.columns())) {
    agree(communicator(), [this] { allocate_buffers(); });
}

template <typename T>
void UnfoldingOperator<T>::allocate_buffers() {
    const auto host = [](const DeviceView<double>& device) {
        return Kokkos::create_mirror_view(Kokkos::WithoutInitializing, device);
    };
    // Alone with its rows or columns on the host, a rank works on the caller's vectors directly.
    if (!on_host || same_rows_.size() > 1) {
        device_rows_ = allocate<double>("tessera vector over rows", block_.rows());
        host_rows_ = host(device_rows_);
    }
    if (!on_host || same_columns_.size() > 1) {
        device_columns_ = allocate<double>("tessera vector over columns", block_.columns());
        host_columns_ = host(device_columns_);
    }
    work_ = allocate<double>("tessera parts of a product", slab_work_size(block_));
}

template <typename T>
typename UnfoldingOperator<T>::Numbering UnfoldingOperator<T>::numbering(bool column_modes) const {
    std::vector<Index> shape;
    std::vector<Index> begin;
    std::vector<Index> block_shape;
    for (int mode = 0; mode < tensor_.order(); ++mode) {
        if ((first_mode_ <= mode && mode < last_mode_) == column_modes) {
            shape.push_back(tensor_.shape()[mode]);
            begin.push_back(tensor_.box().begin[mode]);
            block_shape.push_back(tensor_.block_shape()[mode]);
        }
    }
    return {Extents(shape), Extents(begin), Extents(block_shape)};
}

template <typename T>
Index UnfoldingOperator<T>::Numbering::global(Index in_block) const {
    Extents position = row_major_position(in_block, block_shape);
    for (int mode = 0; mode < position.order(); ++mode) {
        position[mode] += begin[mode];
    }
    return row_major_offset(position, shape);
}

template <typename T>
Index UnfoldingOperator<T>::global_row(Index local_row) const {
    return row_numbering_.global(row_parts_[static_cast<std::size_t>(same_rows_.rank())] +
                                 local_row);
}

template <typename T>
Index UnfoldingOperator<T>::global_column(Index local_column) const {
    return column_numbering_.global(column_parts_[static_cast<std::size_t>(same_columns_.rank())] +
                                    local_column);
}

template <typename T>
const double* UnfoldingOperator<T>::gather(const Communicator& sharers, const PartOffsets& parts,
                                           const double* own,
                                           const HostView<double>& buffer) const {
    if (sharers.size() == 1) {
        return own;
    }
    all_gather_parts(sharers, parts, own, buffer.data());
    return buffer.data();
}

template <typename T>
void UnfoldingOperator<T>::scatter(const Communicator& sharers, const PartOffsets& parts,
                                   double* own, const HostView<double>& buffer) const {
    if (sharers.size() > 1) {
        reduce_scatter_parts(sharers, parts, static_cast<const double*>(buffer.data()), own);
    }
}

template <typename T>
void UnfoldingOperator<T>::apply(const double* x, double* y) const {
    const double* columns =
        to_device(gather(same_columns_, column_parts_, x, host_columns_), device_columns_);
    double* rows = same_rows_.size() > 1 ? host_rows_.data() : y;
    slab_times_vector(block_, tensor_.block().data(), columns, device_target(rows, device_rows_),
                      work_.data());
    from_device(device_rows_, rows);
    scatter(same_rows_, row_parts_, y, host_rows_);
}

template <typename T>
void UnfoldingOperator<T>::apply_transpose(const double* y, double* x) const {
    const double* rows = to_device(gather(same_rows_, row_parts_, y, host_rows_), device_rows_);
    double* columns = same_columns_.size() > 1 ? host_columns_.data() : x;
    slab_transposed_times_vector(block_, tensor_.block().data(), rows,
                                 device_target(columns, device_columns_), work_.data());
    from_device(device_columns_, columns);
    scatter(same_columns_, column_parts_, x, host_columns_);
}

template class UnfoldingOperator<float>;
template class UnfoldingOperator<double>;

}  // namespace tessera
