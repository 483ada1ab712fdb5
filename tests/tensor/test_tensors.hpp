#pragma once

#include "../parallel/random_layout.hpp"
#include "tessera/base/random.hpp"
#include "tessera/tensor/dense_tensor.hpp"

/// Tensors on all ranks of the job for tests, next to replicated copies of all their entries.

namespace tessera::test_support {

inline Partition random_partition(Dice& dice, const Extents& shape) {
    const Communicator& world = Communicator::world();
    return {shape, ProcessGrid(world, random_grid(dice, shape.order(), world.size()))};
}

/// A box's entries out of a replicated row-major copy of the tensor.
template <typename T>
std::vector<T> box_of(const std::vector<T>& all, const Extents& shape, const Box& box) {
    std::vector<T> values(static_cast<std::size_t>(box.size()));
    for_each_position(box, [&](const Extents& position, Index offset) {
        values[static_cast<std::size_t>(offset)] =
            all[static_cast<std::size_t>(row_major_offset(position, shape))];
    });
    return values;
}

/// The tensor of those entries (row-major, replicated).
template <typename T>
DenseTensor<T> tensor_of(const std::vector<T>& all, const Partition& partition) {
    return {"test tensor", partition, to_device(box_of(all, partition.shape(), partition.box()))};
}

/// Entries that tell where they belong.
template <typename T>
std::vector<T> numbered(const Extents& shape) {
    return box_values<T>({Extents::filled(shape.order(), 0), shape}, shape);
}

/// Entries between -scale and scale (for uint8_t: 0 to 255), the same on every rank.
template <typename T>
std::vector<T> random_entries(Index count, std::uint64_t seed, double scale = 1.0) {
    const Random random(seed, 0);
    std::vector<T> values(static_cast<std::size_t>(count));
    for (Index i = 0; i < count; ++i) {
        if constexpr (std::is_same_v<T, std::uint8_t>) {
            values[static_cast<std::size_t>(i)] = static_cast<T>(256.0 * random.uniform(i));
        } else {
            values[static_cast<std::size_t>(i)] =
                static_cast<T>(scale * (2.0 * random.uniform(i) - 1.0));
        }
    }
    return values;
}

/// Whether this rank's block holds the entries of that replicated copy.
template <typename T>
bool holds(const DenseTensor<T>& tensor, const std::vector<T>& all) {
    return to_host(tensor.block()) == box_of(all, tensor.shape(), tensor.box());
}

}  // namespace tessera::test_support
