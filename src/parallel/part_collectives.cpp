#include "tessera/parallel/part_collectives.hpp"

#include <algorithm>
#include <cstdint>

#include "tessera/parallel/partition.hpp"

namespace tessera {
namespace {

struct Counts {
    std::vector<int> counts;
    std::vector<int> offsets;
};

/// Only for arrays of at most `largest_message_entries` entries.
Counts int_counts(const PartOffsets& offsets) {
    Counts result;
    for (std::size_t rank = 0; rank + 1 < offsets.size(); ++rank) {
        result.counts.push_back(static_cast<int>(offsets[rank + 1] - offsets[rank]));
        result.offsets.push_back(static_cast<int>(offsets[rank]));
    }
    return result;
}

/// Calls start(first entry, entries) for each message of a part.
template <typename Start>
void for_each_message(const PartOffsets& offsets, int part, Index largest, const Start& start) {
    const auto index = static_cast<std::size_t>(part);
    for (Index begin = offsets[index]; begin < offsets[index + 1]; begin += largest) {
        start(begin, static_cast<int>(std::min(largest, offsets[index + 1] - begin)));
    }
}

}  // namespace

PartOffsets even_parts(const Communicator& communicator, Index count) {
    PartOffsets offsets = {0};
    for (int rank = 0; rank < communicator.size(); ++rank) {
        offsets.push_back(block_range(count, communicator.size(), rank).end);
    }
    return offsets;
}

template <typename T>
void all_gather_parts(const Communicator& communicator, const PartOffsets& offsets, const T* own,
                      T* whole, Index largest_message) {
    const auto rank = static_cast<std::size_t>(communicator.rank());
    const Index own_count = offsets[rank + 1] - offsets[rank];
    if (offsets.back() <= largest_message) {
        const Counts parts = int_counts(offsets);
        check_mpi(MPI_Allgatherv(own, static_cast<int>(own_count), mpi_type<T>(), whole,
                                 parts.counts.data(), parts.offsets.data(), mpi_type<T>(),
                                 communicator.handle()),
                  "MPI_Allgatherv");
        return;
    }
    std::copy_n(own, own_count, whole + offsets[rank]);
    for (std::size_t root = 0; root + 1 < offsets.size(); ++root) {
        communicator.broadcast(whole + offsets[root], offsets[root + 1] - offsets[root],
                               static_cast<int>(root));
    }
}

template <typename T>
void reduce_scatter_parts(const Communicator& communicator, const PartOffsets& offsets,
                          const T* whole, T* own, Index largest_message) {
    if (offsets.back() <= largest_message) {
        const Counts parts = int_counts(offsets);
        check_mpi(MPI_Reduce_scatter(whole, own, parts.counts.data(), mpi_type<T>(), MPI_SUM,
                                     communicator.handle()),
                  "MPI_Reduce_scatter");
        return;
    }
    for (std::size_t root = 0; root + 1 < offsets.size(); ++root) {
        for (Index begin = offsets[root]; begin < offsets[root + 1]; begin += largest_message) {
            const Index count = std::min(largest_message, offsets[root + 1] - begin);
            // Only the root's target counts.
            T* target = static_cast<int>(root) == communicator.rank()
                            ? own + (begin - offsets[root])
                            : nullptr;
            check_mpi(MPI_Reduce(whole + begin, target, static_cast<int>(count), mpi_type<T>(),
                                 MPI_SUM, static_cast<int>(root), communicator.handle()),
                      "MPI_Reduce");
        }
    }
}

template <typename T>
void all_to_all_parts(const Communicator& communicator, const PartOffsets& send_offsets,
                      const T* send, const PartOffsets& receive_offsets, T* receive,
                      Index largest_message) {
    const int ranks = communicator.size();
    std::vector<MPI_Request> requests;
    // One partner at a time in each direction: requests stay few however many ranks there are.
    for (int distance = 0; distance < ranks; ++distance) {
        const int target = (communicator.rank() + distance) % ranks;
        const int source = (communicator.rank() - distance + ranks) % ranks;
        requests.clear();
        for_each_message(receive_offsets, source, largest_message, [&](Index begin, int count) {
            check_mpi(MPI_Irecv(receive + begin, count, mpi_type<T>(), source, 0,
                                communicator.handle(), &requests.emplace_back()),
                      "MPI_Irecv");
        });
        for_each_message(send_offsets, target, largest_message, [&](Index begin, int count) {
            check_mpi(MPI_Isend(send + begin, count, mpi_type<T>(), target, 0,
                                communicator.handle(), &requests.emplace_back()),
                      "MPI_Isend");
        });
        check_mpi(
            MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE),
            "MPI_Waitall");
    }
}

#define TESSERA_INSTANTIATE(T)                                                                   \
    template void all_gather_parts<T>(const Communicator&, const PartOffsets&, const T*, T*,     \
                                      Index);                                                    \
    template void reduce_scatter_parts<T>(const Communicator&, const PartOffsets&, const T*, T*, \
                                          Index);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

#define TESSERA_INSTANTIATE(T)                                                           \
    template void all_to_all_parts<T>(const Communicator&, const PartOffsets&, const T*, \
                                      const PartOffsets&, T*, Index);
TESSERA_INSTANTIATE(std::uint32_t)
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
