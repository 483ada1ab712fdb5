#pragma once

#include <vector>

#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Where the parts of an array that is shared out over the ranks of a communicator begin and end:
/// part r is offsets[r]..offsets[r + 1] - 1, parts follow one another and may be empty.
using PartOffsets = std::vector<Index>;

/// Offsets of the parts `block_range(count, communicator.size(), rank)`.
[[nodiscard]] PartOffsets even_parts(const Communicator& communicator, Index count);

/// Entries of one message: 1 GiB of float64.
inline constexpr Index largest_message_entries = Index{1} << 27;

/// Brings the parts of all ranks together on every one (collective, host memory). Arrays of more
/// than `largest_message` entries travel in pieces, which takes more messages.
template <typename T>
void all_gather_parts(const Communicator& communicator, const PartOffsets& offsets, const T* own,
                      T* whole, Index largest_message = largest_message_entries);

/// Adds up the `whole` of all ranks; every rank gets its part of the sum (collective, host memory).
template <typename T>
void reduce_scatter_parts(const Communicator& communicator, const PartOffsets& offsets,
                          const T* whole, T* own, Index largest_message = largest_message_entries);

/// Sends part r of `send` to rank r and receives part r of `receive` from rank r (collective, host
/// memory). What this rank sends to r must be as long as what r receives from it.
template <typename T>
void all_to_all_parts(const Communicator& communicator, const PartOffsets& send_offsets,
                      const T* send, const PartOffsets& receive_offsets, T* receive,
                      Index largest_message = largest_message_entries);

}  // namespace tessera
