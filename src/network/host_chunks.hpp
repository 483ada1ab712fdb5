#pragma once

#include <Kokkos_Core.hpp>
#include <algorithm>

#include "tessera/base/types.hpp"

namespace tessera {

/// So many workers share `count` items at most, each taking `grain` of them at least.
inline Index worker_count(Index count, Index grain) {
    const auto threads = static_cast<Index>(Kokkos::DefaultHostExecutionSpace().concurrency());
    return std::max(Index{1}, std::min(threads, (count + grain - 1) / grain));
}

/// Calls work(worker, begin, end) for nearly equal parts of 0..count-1, one per worker. Work for
/// one worker alone starts no kernel: networks of vector modes are thousands of tiny operations.
template <typename Work>
void host_chunks(const char* name, Index count, Index grain, const Work& work) {
    using Host = Kokkos::DefaultHostExecutionSpace;
    const Index workers = worker_count(count, grain);
    if (workers == 1) {
        if (count > 0) {
            work(Index{0}, Index{0}, count);
        }
        return;
    }
    Kokkos::parallel_for(name, Kokkos::RangePolicy<Host>(0, workers), [&](Index worker) {
        work(worker, count * worker / workers, count * (worker + 1) / workers);
    });
    Host().fence(name);
}

}  // namespace tessera
