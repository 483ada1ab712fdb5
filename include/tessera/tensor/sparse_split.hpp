#pragma once

#include <cstdint>

#include "tessera/tensor/sparse_tensor.hpp"

namespace tessera {

/// The entries of a tensor in two, on its partition.
template <typename T>
struct SparseSplit {
    SparseTensor<T> kept;
    SparseTensor<T> held_out;
};

/// Holds out about that fraction of the entries: which ones is decided for each by a random number
/// of its global position, so it does not depend on the number of ranks, nor on whether the tensor
/// is stored dense with a mask or sparse. Collective. Throws MemoryError.
template <typename T>
[[nodiscard]] SparseSplit<T> split_entries(const SparseTensor<T>& tensor, double fraction,
                                           std::uint64_t seed);

/// Takes entries out of a dense tensor on their partition: value 0, mask 0. Not collective.
template <typename T>
void remove_entries(const SparseTensor<T>& entries, const DenseTensor<T>& tensor,
                    const DenseTensor<std::uint8_t>& mask);

/// The whole tensor with `absent` in every entry that is not listed; `partition` is the one that
/// the entries lie on. Collective, but no entry travels. Throws MemoryError.
template <typename T>
[[nodiscard]] DenseTensor<T> dense_tensor(const SparseTensor<T>& entries,
                                          const Partition& partition, T absent);

}  // namespace tessera
