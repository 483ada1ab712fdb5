#include <gtest/gtest.h>

#include "memory_archive.hpp"
#include "tessera/method/factor_networks/ended_fits.hpp"

namespace tessera {
namespace {

TEST(EndedFitsOneRank, TheLeastFigureIsTheBestAndTheFirstOfEqualOnes) {
    EndedFits fits;
    EXPECT_TRUE(fits.add(4.0, 70));
    EXPECT_TRUE(fits.add(1.0, 30));
    EXPECT_FALSE(fits.add(1.0, 10));
    EXPECT_EQ(fits.best(), 1);
    EXPECT_EQ(fits.steps(), 30);
    // Mean 2, squares of the distances 4 + 1 + 1, over 2.
    EXPECT_EQ(fits.describe(), "3 fits: mean 2, standard deviation 1.73; fit 2 is the best");
}

TEST(EndedFitsOneRank, ASavedOneGoesOn) {
    EndedFits fits;
    fits.add(2.0, 20);
    fits.add(3.0, 40);
    test_support::MemoryArchive archive;
    fits.serialise(archive);
    archive.rewind_for_loading();
    EndedFits loaded;
    loaded.serialise(archive);
    EXPECT_EQ(loaded.steps(), 20);
    EXPECT_FALSE(loaded.add(2.5, 9));
    EXPECT_TRUE(loaded.add(1.5, 11));
    EXPECT_EQ(loaded.best(), 3);
}

}  // namespace
}  // namespace tessera
