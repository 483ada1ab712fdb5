// Halos of slabs: every held row holds its global row, and adding halos is the adjoint of filling
// them, also where ranks own one row or none.

#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "slab_maps.hpp"
#include "tessera/network/site_slab.hpp"

namespace tessera {
namespace {

constexpr Index channels = 3;

bool halo_is_global(const SiteSlab& slab, const std::vector<double>& whole) {
    const HostView<double> part = test_support::held_part<double>(slab, whole, channels);
    const Index row = slab.row_sites() * channels;
    for (Index i = 0; i < slab.held().size() * row; ++i) {
        if (part(i) != whole[static_cast<std::size_t>(slab.held().begin * row + i)]) {
            return false;
        }
    }
    return true;
}

bool adding_counts_holders(const SiteSlab& slab) {
    const Index row = slab.row_sites() * channels;
    HostView<double> ones("ones", static_cast<std::size_t>(slab.held().size() * row));
    Kokkos::deep_copy(ones, 1.0);
    slab.add_halo(ones.data(), channels);
    std::vector<double> holders(static_cast<std::size_t>(slab.sites()[0]), 0.0);
    for (Index i = slab.held().begin; i < slab.held().end; ++i) {
        holders[static_cast<std::size_t>(i)] = 1.0;
    }
    Communicator::world().sum_in_place(holders.data(), slab.sites()[0]);
    bool agrees = true;
    for (Index i = slab.own().begin; i < slab.own().end; ++i) {
        for (Index k = 0; k < row; ++k) {
            agrees = agrees && ones((i - slab.held().begin) * row + k) ==
                                   holders[static_cast<std::size_t>(i)];
        }
    }
    return agrees;
}

TEST(SiteSlab, HalosAreNeighboursRowsAtEveryScale) {
    for (const Index halo : {1, 2}) {
        SiteSlab slab = test_support::slab_of(Communicator::world(), {11, 5}, halo);
        for (int scale = 0; scale < 4; ++scale) {
            EXPECT_ALL_RANKS(
                halo_is_global(slab, test_support::whole_map(slab.sites(), channels, 1)));
            EXPECT_ALL_RANKS(adding_counts_holders(slab));
            slab = slab.coarser();
        }
        EXPECT_ALL_RANKS(slab.sites() == Extents({1, 1}));
    }
}

TEST(SiteSlab, CoarseSitesLieWhereTheirFineSitesDo) {
    const SiteSlab fine = test_support::slab_of(Communicator::world(), {13}, 1);
    const SiteSlab coarse = fine.coarser();
    bool same = true;
    for (Index i = coarse.own().begin; i < coarse.own().end; ++i) {
        same = same && 2 * i >= fine.own().begin && 2 * i < fine.own().end;
    }
    EXPECT_ALL_RANKS(same);
}

}  // namespace
}  // namespace tessera
