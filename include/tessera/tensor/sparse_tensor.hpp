#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tessera/base/memory.hpp"
#include "tessera/parallel/uneven_partition.hpp"
#include "tessera/tensor/dense_tensor.hpp"

namespace tessera {

/// Where a rank's entries of a sparse tensor lie, callable in kernels: positions count from the
/// beginning of the rank's box, mode by mode (structure of arrays).
struct SparseCoordinates {
    const std::uint32_t* indices = nullptr;
    Index count = 0;

    KOKKOS_INLINE_FUNCTION Index operator()(int mode, Index entry) const {
        return static_cast<Index>(indices[static_cast<Index>(mode) * count + entry]);
    }
};

/// The known entries of a tensor of order 1 to 6, each rank those of its box of the index space, in
/// row-major order and without duplicates. Whether the entries that are not listed are zeros or
/// unknown is for the user of the tensor to say; a listed zero is an entry like any other. Copies
/// share the entries, as views do.
template <typename T>
class SparseTensor {
  public:
    using Scalar = T;

    /// Extents up to 2^32: positions take 32 bits each.
    static constexpr Index largest_extent = Index{1} << 32;

    /// `indices` holds, mode after mode, the positions of the entries within this rank's box; both
    /// views are taken over, not copied. Collective.
    SparseTensor(std::string label, UnevenPartition partition, DeviceView<std::uint32_t> indices,
                 DeviceView<T> values);

    [[nodiscard]] const std::string& label() const { return label_; }
    [[nodiscard]] const UnevenPartition& partition() const { return partition_; }
    [[nodiscard]] const Communicator& communicator() const { return partition_.communicator(); }
    [[nodiscard]] const Extents& shape() const { return partition_.shape(); }
    [[nodiscard]] int order() const { return partition_.order(); }

    /// Entries of the whole tensor, and of this rank.
    [[nodiscard]] Index entry_count() const { return entry_count_; }
    [[nodiscard]] Index local_count() const { return static_cast<Index>(values_.size()); }

    /// This rank's box in global positions.
    [[nodiscard]] const Box& box() const { return box_; }
    [[nodiscard]] SparseCoordinates coordinates() const { return {indices_.data(), local_count()}; }
    [[nodiscard]] const DeviceView<std::uint32_t>& indices() const { return indices_; }
    [[nodiscard]] const DeviceView<T>& values() const { return values_; }

  private:
    std::string label_;
    UnevenPartition partition_;
    Box box_;
    DeviceView<std::uint32_t> indices_;
    DeviceView<T> values_;
    Index entry_count_ = 0;
};

/// The observed entries (mask 1; without a mask, all) of a dense tensor, each rank those of its own
/// block. Collective, but no entry travels. Throws MemoryError.
template <typename T>
[[nodiscard]] SparseTensor<T> observed_entries(
    const DenseTensor<T>& tensor, const std::optional<DenseTensor<std::uint8_t>>& mask);

}  // namespace tessera
