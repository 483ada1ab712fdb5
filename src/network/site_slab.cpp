#include "tessera/network/site_slab.hpp"

#include <mpi.h>

#include <algorithm>
#include <functional>

#include "tessera/base/error.hpp"
#include "tessera/base/profile.hpp"

namespace tessera {
namespace {

Range common(Range a, Range b) {
    const Index begin = std::max(a.begin, b.begin);
    return {begin, std::max(begin, std::min(a.end, b.end))};
}

// The rows of `owner` that another rank, with rows `own` and `held`, has in its halo. The own rows
// of ranks follow each other, so they lie on one side of it.
Range wanted_from(Range owner, Range own, Range held) {
    const Range below = common(owner, {held.begin, own.begin});
    return below.size() > 0 ? below : common(owner, {own.end, held.end});
}

// Messages of rows, at most 1 GiB each.
template <typename T>
class RowMessages {
  public:
    explicit RowMessages(const Communicator& communicator) : communicator_(communicator) {}

    void receive(int rank, T* data, Index count) {
        in_chunks(count, [&](Index begin, int length) {
            check_mpi(MPI_Irecv(data + begin, length, mpi_type<T>(), rank, 0,
                                communicator_.handle(), &requests_.emplace_back()),
                      "MPI_Irecv");
        });
    }
    void send(int rank, const T* data, Index count) {
        bytes_ += static_cast<double>(count) * sizeof(T);
        ++messages_;
        in_chunks(count, [&](Index begin, int length) {
            check_mpi(MPI_Isend(data + begin, length, mpi_type<T>(), rank, 0,
                                communicator_.handle(), &requests_.emplace_back()),
                      "MPI_Isend");
        });
    }
    void wait() {
        check_mpi(
            MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
            "MPI_Waitall");
    }
    /// To other ranks, and their bytes.
    void count_in(Phase& phase) const { phase.add_messages(messages_, bytes_); }

  private:
    static void in_chunks(Index count, const std::function<void(Index, int)>& call) {
        constexpr Index largest = Index{1} << 27;
        for (Index begin = 0; begin < count; begin += largest) {
            call(begin, static_cast<int>(std::min(largest, count - begin)));
        }
    }

    const Communicator& communicator_;
    std::vector<MPI_Request> requests_;
    double bytes_ = 0.0;
    long messages_ = 0;
};

}  // namespace

Extents halved(Extents sites) {
    for (int mode = 0; mode < sites.order(); ++mode) {
        sites[mode] = (sites[mode] + 1) / 2;
    }
    return sites;
}

SiteSlab::SiteSlab(const Communicator& communicator, const Extents& sites, Range own, Index halo)
    : communicator_(communicator),
      sites_(sites),
      own_(own),
      held_{std::max(Index{0}, own.begin - halo), std::min(sites[0], own.end + halo)},
      halo_(halo),
      row_sites_(sites.product(1, sites.order())) {
    const std::vector<Index> all =
        communicator.all_gather(std::vector<Index>{own.begin, own.end, held_.begin, held_.end});
    Index end = 0;
    for (int rank = 0; rank < communicator.size(); ++rank) {
        const auto* corners = all.data() + 4 * static_cast<std::ptrdiff_t>(rank);
        const Range other{corners[0], corners[1]};
        TESSERA_ASSERT(other.begin == end && other.end >= end, "slabs must follow each other");
        end = other.end;
        if (rank == communicator.rank()) {
            continue;
        }
        const Range outer = wanted_from(other, own_, held_);
        const Range inner = wanted_from(own_, other, {corners[2], corners[3]});
        if (outer.size() > 0) {
            outer_.push_back({rank, outer});
        }
        if (inner.size() > 0) {
            inner_.push_back({rank, inner});
        }
    }
    TESSERA_ASSERT(end == sites[0], "slabs must cover the sites");
}

SiteSlab SiteSlab::coarser() const {
    return {communicator_, halved(sites_), {(own_.begin + 1) / 2, (own_.end + 1) / 2}, halo_};
}

template <typename T>
void SiteSlab::fill_halo(T* map, Index channels) const {
    if (communicator_.size() == 1) {
        return;
    }
    Phase phase("network/halo");
    RowMessages<T> messages(communicator_);
    const Index row = row_sites_ * channels;
    for (const Piece& piece : outer_) {
        messages.receive(piece.rank, map + (piece.rows.begin - held_.begin) * row,
                         piece.rows.size() * row);
    }
    for (const Piece& piece : inner_) {
        messages.send(piece.rank, map + (piece.rows.begin - held_.begin) * row,
                      piece.rows.size() * row);
    }
    messages.wait();
    messages.count_in(phase);
}

template <typename T>
void SiteSlab::add_halo(T* map, Index channels) const {
    if (communicator_.size() == 1) {
        return;
    }
    Phase phase("network/halo");
    RowMessages<T> messages(communicator_);
    const Index row = row_sites_ * channels;
    std::vector<std::vector<T>> received;
    for (const Piece& piece : inner_) {
        received.emplace_back(static_cast<std::size_t>(piece.rows.size() * row));
        messages.receive(piece.rank, received.back().data(), piece.rows.size() * row);
    }
    for (const Piece& piece : outer_) {
        messages.send(piece.rank, map + (piece.rows.begin - held_.begin) * row,
                      piece.rows.size() * row);
    }
    messages.wait();
    for (std::size_t i = 0; i < inner_.size(); ++i) {
        T* to = map + (inner_[i].rows.begin - held_.begin) * row;
        std::transform(received[i].begin(), received[i].end(), to, to, std::plus<>());
    }
    messages.count_in(phase);
}

#define TESSERA_INSTANTIATE(T)                             \
    template void SiteSlab::fill_halo<T>(T*, Index) const; \
    template void SiteSlab::add_halo<T>(T*, Index) const;
TESSERA_INSTANTIATE(float)
TESSERA_INSTANTIATE(double)
#undef TESSERA_INSTANTIATE

}  // namespace tessera
