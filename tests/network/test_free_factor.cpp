// A free factor: same values on any number of ranks, rows are the parameters, gradients add up.

#include <gtest/gtest.h>

#include "all_ranks.hpp"
#include "tessera/network/free_factor.hpp"
#include "tessera/network/make_factor_generator.hpp"
#include "tessera/parallel/partition.hpp"

namespace tessera {
namespace {

GeneratorOptions free_options() {
    GeneratorOptions options;
    options.kind = GeneratorKind::free_factor;
    return options;
}

TEST(FreeFactor, IsThePartOfTheSameFactorOnAnyNumberOfRanks) {
    const Communicator& world = Communicator::world();
    const Extents sites{7, 3};
    const Range rows = block_range(7, world.size(), world.rank());
    const auto whole = make_factor_generator<double>(free_options(), sites, {{0, 0}, {7, 3}}, 4,
                                                     world.split(world.rank(), 0), 9, "pixels");
    const auto part = make_factor_generator<double>(
        free_options(), sites, {{rows.begin, 0}, {rows.end, 3}}, 4, world, 9, "pixels");
    const FactorMatrix<const double> all = whole->forward(0);
    const FactorMatrix<const double> own = part->forward(0);
    ASSERT_ALL_RANKS(static_cast<Index>(own.extent(0)) == 3 * rows.size() && own.extent(1) == 4);
    bool same = true;
    for (std::size_t i = 0; i < own.extent(0); ++i) {
        for (std::size_t r = 0; r < 4; ++r) {
            same = same && own(i, r) == all(i + static_cast<std::size_t>(3 * rows.begin), r);
        }
    }
    EXPECT_ALL_RANKS(same);
    EXPECT_ALL_RANKS(part->describe() == "free factor, 84 parameters");
}

TEST(FreeFactorOneRank, GradientsOfTheRowsAreThoseOfTheParameters) {
    const auto factor = make_factor_generator<float>(free_options(), {5}, {{0}, {5}}, 2,
                                                     Communicator::world(), 1, "bands");
    factor->forward(0);
    Kokkos::View<float**, Kokkos::LayoutRight, Kokkos::HostSpace> gradient("gradient", 5, 2);
    gradient(3, 1) = 2.5F;
    factor->backward(gradient);
    factor->backward(gradient);
    EXPECT_EQ(factor->parameters().gradient()(7), 5.0F);
    EXPECT_EQ(factor->parameters().gradient()(6), 0.0F);
    factor->parameters().zero_gradient();
    EXPECT_EQ(factor->parameters().gradient()(7), 0.0F);
}

}  // namespace
}  // namespace tessera
