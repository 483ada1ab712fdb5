#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <mpi.h>

#include <limits>
#include <stdexcept>
#include <string>

#include "all_ranks.hpp"
#include "rank_reports.hpp"
#include "test_data.hpp"

namespace {

using namespace tessera::test_support;

TEST(AllRanks, HoldsWhereEveryRankAgrees) {
    EXPECT_ALL_RANKS(own_rank() < rank_count());
    ASSERT_ALL_RANKS(rank_count() >= 1) << "with words of its own";
    EXPECT_NEAR_ALL_RANKS(1.0, 1.0 + 1e-12, 1e-11);
}

TEST(AllRanks, FailsOnEveryRankWhenTheLastOneFails) {
    const bool last = own_rank() == rank_count() - 1;
    const auto verdict = on_all_ranks([&] { return !last; }, "condition");
    EXPECT_FALSE(verdict);
    const std::string name = rank_names({rank_count() - 1});
    EXPECT_NE(std::string(verdict.message()).find(name), std::string::npos) << verdict.message();
}

TEST(AllRanks, CountsAnExceptionAsFalse) {
    const auto verdict = on_all_ranks(
        []() -> bool {
            if (own_rank() == 0) {
                throw std::runtime_error("broken");
            }
            return true;
        },
        "condition");
    EXPECT_FALSE(verdict);
}

TEST(AllRanks, NotANumberIsNear) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(near_on_all_ranks(nan, nan, 1.0, "a", "b"));
}

TEST(AllRanks, LeavesTheFunctionTogether) {
    bool went_on = false;
    const auto leave = [&] {
        ASSERT_ALL_RANKS(own_rank() != 0);
        went_on = true;
    };
    ::testing::TestPartResultArray caught;
    {
        const ::testing::ScopedFakeTestPartResultReporter reporter(
            ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &caught);
        leave();
    }
    EXPECT_EQ(caught.size(), 1);
    EXPECT_FALSE(went_on);
}

TEST(TestData, MissingFileIsAbsentOnAllRanks) { EXPECT_FALSE(has_test_data("no/such/file")); }

TEST(TestData, ScratchFolderIsShared) {
    const auto folder = scratch_folder();
    EXPECT_ALL_RANKS(std::filesystem::is_directory(folder));
}

TEST(SuiteOneRank, RunsOnOneRankOnly) { EXPECT_EQ(rank_count(), 1); }

}  // namespace
