#pragma once

#include <string>

#include "tessera/base/memory.hpp"
#include "tessera/parallel/partition.hpp"

namespace tessera {

/// A dense tensor of order 1 to 6, cut into one block per rank of a process grid. The block is a
/// row-major array (last mode fastest, as in HDF5 and NumPy) in the memory of the execution space.
/// Copies share the block, as views do.
template <typename T>
class DenseTensor {
  public:
    using Scalar = T;

    /// An uninitialised tensor; `label` names it in profiles and memory errors (MemoryError when
    /// the block does not fit, on that rank alone: wrap in `agree`).
    DenseTensor(std::string label, Partition partition);
    /// Takes a caller's own block, of `partition.box().size()` entries, without copying it.
    DenseTensor(std::string label, Partition partition, DeviceView<T> block);

    [[nodiscard]] const std::string& label() const { return label_; }
    [[nodiscard]] const Partition& partition() const { return partition_; }
    [[nodiscard]] const Communicator& communicator() const { return partition_.communicator(); }
    [[nodiscard]] const Extents& shape() const { return partition_.shape(); }
    [[nodiscard]] int order() const { return partition_.order(); }
    /// Number of entries of the whole tensor.
    [[nodiscard]] Index size() const { return shape().product(); }

    /// This rank's box in global positions, its shape, and its entries.
    [[nodiscard]] const Box& box() const { return box_; }
    [[nodiscard]] Extents block_shape() const { return box_.shape(); }
    [[nodiscard]] const DeviceView<T>& block() const { return block_; }

  private:
    std::string label_;
    Partition partition_;
    Box box_;
    DeviceView<T> block_;
};

/// Global row-major index of an entry of a block, callable in kernels: what random numbers are
/// keyed by.
struct GlobalIndex {
    Box box;
    Extents block_shape;
    Extents shape;

    KOKKOS_INLINE_FUNCTION Index operator()(Index local) const {
        Extents position = row_major_position(local, block_shape);
        for (int mode = 0; mode < shape.order(); ++mode) {
            position[mode] += box.begin[mode];
        }
        return row_major_offset(position, shape);
    }
};

template <typename T>
[[nodiscard]] GlobalIndex global_index(const DenseTensor<T>& tensor) {
    return {tensor.box(), tensor.block_shape(), tensor.shape()};
}

}  // namespace tessera
