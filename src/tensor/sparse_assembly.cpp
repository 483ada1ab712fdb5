#include "tessera/tensor/sparse_assembly.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <numeric>
#include <utility>

#include "sorted_entries.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/parallel/part_collectives.hpp"

namespace tessera {
namespace {

/// Histograms have at most that many bins, however long the mode: 8 MiB.
constexpr Index most_bins = Index{1} << 20;

std::vector<Index> prime_factors(Index number) {
    std::vector<Index> factors;
    for (Index candidate = 2; number > 1; ++candidate) {
        for (; number % candidate == 0; number /= candidate) {
            factors.push_back(candidate);
        }
    }
    return factors;
}

template <typename T>
UnevenPartition balanced_partition(const Extents& shape, ProcessGrid grid,
                                   const CoordinateList<T>& entries) {
    std::vector<std::vector<Index>> cuts;
    for (int mode = 0; mode < shape.order(); ++mode) {
        const Index width = (shape[mode] + most_bins - 1) / most_bins;
        std::vector<Index> weights(static_cast<std::size_t>((shape[mode] + width - 1) / width), 0);
        for (const std::uint32_t position : entries.positions[static_cast<std::size_t>(mode)]) {
            TESSERA_ASSERT(position < shape[mode], "entries lie within the shape");
            ++weights[static_cast<std::size_t>(position / width)];
        }
        grid.communicator().sum_in_place(weights.data(), static_cast<Index>(weights.size()));
        cuts.push_back(balanced_cuts(weights, width, shape[mode], grid.dims()[mode]));
    }
    return {shape, std::move(grid), std::move(cuts)};
}

/// Which entries go to which rank: those of rank r are order[offsets[r]..offsets[r + 1] - 1], in
/// their old order.
struct Routing {
    std::vector<std::size_t> order;
    PartOffsets offsets;
};

template <typename T>
Routing route(const UnevenPartition& partition, const CoordinateList<T>& entries) {
    const std::size_t count = entries.values.size();
    const auto ranks = static_cast<std::size_t>(partition.communicator().size());
    std::vector<int> owners(count);
    Routing routing{std::vector<std::size_t>(count), PartOffsets(ranks + 1, 0)};
    Extents place = partition.shape();
    for (std::size_t entry = 0; entry < count; ++entry) {
        for (int mode = 0; mode < partition.order(); ++mode) {
            const std::uint32_t position = entries.positions[static_cast<std::size_t>(mode)][entry];
            place[mode] = partition.part(mode, position);
        }
        const Index owner = row_major_offset(place, partition.grid().dims());
        owners[entry] = static_cast<int>(owner);
        ++routing.offsets[static_cast<std::size_t>(owner) + 1];
    }
    std::partial_sum(routing.offsets.begin(), routing.offsets.end(), routing.offsets.begin());
    PartOffsets next = routing.offsets;
    for (std::size_t entry = 0; entry < count; ++entry) {
        const Index slot = next[static_cast<std::size_t>(owners[entry])]++;
        routing.order[static_cast<std::size_t>(slot)] = entry;
    }
    return routing;
}

PartOffsets offsets_to_receive(const Communicator& communicator, const PartOffsets& to_send) {
    std::vector<Index> counts;
    for (std::size_t rank = 0; rank + 1 < to_send.size(); ++rank) {
        counts.push_back(to_send[rank + 1] - to_send[rank]);
    }
    std::vector<Index> incoming(counts.size());
    check_mpi(MPI_Alltoall(counts.data(), 1, mpi_type<Index>(), incoming.data(), 1,
                           mpi_type<Index>(), communicator.handle()),
              "MPI_Alltoall");
    PartOffsets offsets = {0};
    for (const Index count : incoming) {
        offsets.push_back(offsets.back() + count);
    }
    return offsets;
}

/// One list, from where it was read to where it belongs.
template <typename V>
void deliver(const Communicator& communicator, const Routing& routing, const PartOffsets& incoming,
             std::vector<V>& list) {
    std::vector<V> sorted;
    agree(communicator, [&] {
        sorted.resize(list.size());
        for (std::size_t slot = 0; slot < list.size(); ++slot) {
            sorted[slot] = list[routing.order[slot]];
        }
        list.resize(static_cast<std::size_t>(incoming.back()));
    });
    all_to_all_parts<V>(communicator, routing.offsets, sorted.data(), incoming, list.data());
}

/// The first of the positions that the ranks give, if any of them gives one.
Extents first_of_all(const Communicator& communicator, const std::optional<Extents>& own,
                     int order) {
    std::vector<Index> mine(static_cast<std::size_t>(order), -1);
    if (own) {
        mine = own->to_vector();
    }
    const std::vector<Index> all = communicator.all_gather(mine);
    std::optional<std::vector<Index>> first;
    for (auto begin = all.begin(); begin != all.end(); begin += order) {
        const std::vector<Index> candidate(begin, begin + order);
        if (candidate.front() >= 0 && (!first || candidate < *first)) {
            first = candidate;
        }
    }
    return first ? Extents(*first) : Extents();
}

}  // namespace

Extents sparse_grid_dims(Index ranks, const Extents& shape) {
    Extents dims = Extents::filled(shape.order(), 1);
    std::vector<Index> factors = prime_factors(ranks);
    std::reverse(factors.begin(), factors.end());
    for (const Index factor : factors) {
        int best = 0;
        bool best_fits = false;
        double most_rows = -1.0;
        for (int mode = 0; mode < shape.order(); ++mode) {
            const bool fits = dims[mode] * factor <= shape[mode];
            const double rows = static_cast<double>(shape[mode]) / static_cast<double>(dims[mode]);
            if (std::pair(fits, rows) > std::pair(best_fits, most_rows)) {
                best = mode;
                best_fits = fits;
                most_rows = rows;
            }
        }
        dims[best] *= factor;
    }
    return dims;
}

template <typename T>
Assembly<T> assemble(const Communicator& communicator, const std::string& label,
                     const Extents& shape, CoordinateList<T> entries,
                     const std::optional<Extents>& grid_dims, Repeated repeated) {
    ProcessGrid grid(communicator,
                     grid_dims ? *grid_dims : sparse_grid_dims(communicator.size(), shape));
    const UnevenPartition partition = balanced_partition(shape, std::move(grid), entries);
    return assemble(label, partition, std::move(entries), repeated);
}

template <typename T>
Assembly<T> assemble(const std::string& label, const UnevenPartition& partition,
                     CoordinateList<T> entries, Repeated repeated) {
    const Communicator& communicator = partition.communicator();
    if (communicator.size() > 1) {
        Routing routing;
        agree(communicator, [&] { routing = route(partition, entries); });
        const PartOffsets incoming = offsets_to_receive(communicator, routing.offsets);
        for (std::vector<std::uint32_t>& list : entries.positions) {
            deliver(communicator, routing, incoming, list);
        }
        deliver(communicator, routing, incoming, entries.values);
    }
    detail::SortedEntries<T> sorted;
    agree(communicator,
          [&] { sorted = detail::sort_entries(partition.box(), std::move(entries), repeated); });
    AssemblyReport report;
    report.duplicates = communicator.sum(sorted.duplicates);
    report.first_duplicate = first_of_all(communicator, sorted.first_duplicate, partition.order());
    return {SparseTensor<T>(label, partition, sorted.indices, sorted.values), report};
}

#define TESSERA_INSTANTIATE(T)                                                                   \
    template Assembly<T> assemble(const Communicator&, const std::string&, const Extents&,       \
                                  CoordinateList<T>, const std::optional<Extents>&, Repeated);   \
    template Assembly<T> assemble(const std::string&, const UnevenPartition&, CoordinateList<T>, \
                                  Repeated);
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
