// Fails on purpose, on one rank of two. Run by the harness tests only, which expect it.

#include <gtest/gtest.h>

#include <stdexcept>

#include "all_ranks.hpp"

namespace {

using tessera::test_support::own_rank;

TEST(Failing, OnRankOne) { EXPECT_EQ(own_rank(), 0) << "only rank one knows"; }

TEST(Failing, ThrowsOnRankOne) {
    if (own_rank() == 1) {
        throw std::runtime_error("thrown on rank one");
    }
}

TEST(Failing, AssertsOnAllRanks) {
    ASSERT_ALL_RANKS(own_rank() == 0);
    FAIL() << "no rank may come here";
}

TEST(Skipping, OnRankOne) {
    if (own_rank() == 1) {
        GTEST_SKIP() << "no data on rank one";
    }
}

class FailingSetUp : public ::testing::Test {
  public:
    static void SetUpTestSuite() {
        EXPECT_EQ(own_rank(), 0) << "set-up of the suite failed on rank one";
    }
};

TEST_F(FailingSetUp, RunsAllTheSame) {}

}  // namespace
