#pragma once

#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Entries that go to, or come from, another rank.
struct BoxMessage {
    int rank;
    Box box;  ///< in global positions
};

/// Moves entries of a block-distributed array to where they are wanted: every rank says which box
/// it holds and which box it needs, boxes in row-major local arrays. One primitive serves
/// redistribution between grids (disjoint wanted boxes), halo exchange (the own box widened) and
/// gathering a small box (one rank wants it, the others nothing).
class BoxExchange {
  public:
    /// Largest message: long enough for full bandwidth, far below the 2 GiB at which MPI's counts
    /// end, and small enough that packing one overlaps with sending another.
    static constexpr Index default_message_bytes = Index{64} << 20;

    /// Collective. All boxes have the same order (a rank that wants nothing gives an empty box of
    /// that order). The held boxes of different ranks must not overlap; wanted entries that nobody
    /// holds are left untouched in the target. What two ranks exchange is cut into messages of at
    /// most `message_bytes` (at least one entry each), the same value on all ranks.
    BoxExchange(const Communicator& communicator, const Box& held, const Box& wanted,
                Index message_bytes = default_message_bytes);

    /// Collective. `source` holds `held`, `target` receives `wanted`, both row-major; they must not
    /// overlap. Messages go through host memory that the execution space can reach (the same memory
    /// without a GPU, pinned with one): on each rank at most eight of the longest messages, or 2
    /// MiB where that is more. Throws MemoryError on all ranks when there is no room. T: float,
    /// double, std::uint8_t.
    template <typename T>
    void run(const DeviceView<const T>& source, const DeviceView<T>& target) const;

    /// Entries that this rank receives from others: the communication volume.
    [[nodiscard]] Index received_entries() const;

  private:
    Communicator communicator_;
    Box held_;
    Box wanted_;
    Index message_bytes_;
    // Nearest first, counted upwards from the sender to the receiver: not all to rank 0 at once.
    std::vector<BoxMessage> sends_;
    std::vector<BoxMessage> receives_;
};

}  // namespace tessera
