#pragma once

#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Moves entries of a block-distributed array to where they are wanted: every rank says which box it
/// holds and which box it needs, boxes in row-major local arrays. One primitive serves
/// redistribution between grids (disjoint wanted boxes), halo exchange (the own box widened) and
/// gathering a small box (one rank wants it, the others nothing).
class BoxExchange {
  public:
    /// Collective. The held boxes of different ranks must not overlap; wanted entries that nobody
    /// holds are left untouched in the target.
    BoxExchange(const Communicator& communicator, const Box& held, const Box& wanted);

    /// Collective. `source` holds `held`, `target` receives `wanted`, both row-major. Messages are
    /// staged through host memory unless it is the same, and cut below 1 GiB.
    template <typename T>
    void run(const DeviceView<const T>& source, const DeviceView<T>& target) const;

    /// Entries that this rank receives from others: the communication volume.
    [[nodiscard]] Index received_entries() const;

  private:
    struct Transfer {
        int rank;
        Box box;  ///< in global positions
    };
    Communicator communicator_;
    Box held_;
    Box wanted_;
    std::vector<Transfer> sends_;
    std::vector<Transfer> receives_;
    Box kept_;  ///< what this rank both holds and wants
};

}  // namespace tessera
