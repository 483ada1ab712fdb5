#pragma once

#include <utility>
#include <vector>

#include "tessera/base/extents.hpp"
#include "tessera/parallel/communicator.hpp"
#include "tessera/parallel/partition.hpp"

namespace tessera {

/// Sites of a map with half as many in each mode, rounded up.
[[nodiscard]] Extents halved(Extents sites);

/// The sites of one map, shared out over ranks in slabs: each rank owns a range of the first mode
/// and holds `halo` more rows on either side, in one array of held rows x row_sites() x channels.
/// So neighbours' rows lie where they belong and messages need neither packing nor copies of maps.
class SiteSlab {
  public:
    /// Collective. `sites` has one to three modes; the own ranges of the ranks follow each other
    /// (empty ones too) from 0 to sites[0].
    SiteSlab(const Communicator& communicator, const Extents& sites, Range own, Index halo);

    /// The map with half as many sites in each mode, rounded up: what a convolution of stride 2
    /// makes. Site i of it lies at 2 i, and on the same rank. Collective.
    [[nodiscard]] SiteSlab coarser() const;

    [[nodiscard]] const Communicator& communicator() const { return communicator_; }
    [[nodiscard]] const Extents& sites() const { return sites_; }
    [[nodiscard]] Range own() const { return own_; }
    [[nodiscard]] Range held() const { return held_; }
    /// Sites of one row of the first mode.
    [[nodiscard]] Index row_sites() const { return row_sites_; }
    [[nodiscard]] Index own_sites() const { return own_.size() * row_sites_; }
    [[nodiscard]] Index held_sites() const { return held_.size() * row_sites_; }
    /// Where the own sites begin among the held ones.
    [[nodiscard]] Index own_offset() const { return (own_.begin - held_.begin) * row_sites_; }

    /// Brings the rows of neighbours into the halo of `map` (held sites x channels). Collective;
    /// one message per neighbour.
    template <typename T>
    void fill_halo(T* map, Index channels) const;
    /// The adjoint: adds what lies in the halos to the rows of their owners. Collective.
    template <typename T>
    void add_halo(T* map, Index channels) const;

  private:
    struct Piece {
        int rank;
        Range rows;
    };

    Communicator communicator_;
    Extents sites_;
    Range own_;
    Range held_;
    Index halo_;
    Index row_sites_;
    std::vector<Piece> inner_;  ///< own rows that are in another rank's halo
    std::vector<Piece> outer_;  ///< rows of the own halo, by owner
};

}  // namespace tessera
