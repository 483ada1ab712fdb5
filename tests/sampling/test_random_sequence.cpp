// Sequences of draws: functions of their four numbers, free of overlaps with each other.

#include <gtest/gtest.h>

#include <set>

#include "distribution_checks.hpp"
#include "tessera/sampling/random_sequence.hpp"

namespace tessera {
namespace {

TEST(RandomSequenceOneRank, IsAFunctionOfItsFourNumbers) {
    RandomSequence first(1, 2, 3, 4);
    RandomSequence again(1, 2, 3, 4);
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(first.uniform(), again.uniform());
        ASSERT_EQ(first.normal(), again.normal());
    }
}

TEST(RandomSequenceOneRank, NoTwoSequencesShareANumber) {
    std::set<double> seen;
    std::size_t drawn = 0;
    for (const std::uint64_t seed : {0U, 1U}) {
        for (const std::uint32_t stream : {0U, 1U}) {
            for (const Index index : {Index{0}, Index{1}, RandomSequence::index_limit - 1}) {
                for (const std::uint32_t step : {0U, 1U, 0xffffffffU}) {
                    RandomSequence random(seed, stream, index, step);
                    for (int i = 0; i < 200; ++i) {
                        seen.insert(random.uniform());
                        ++drawn;
                    }
                }
            }
        }
    }
    EXPECT_EQ(seen.size(), drawn);
}

TEST(RandomSequenceOneRank, OneSequenceHasTheRightLaws) {
    RandomSequence random(5, 0, 7, 0);
    std::vector<double> uniform;
    std::vector<double> normal;
    for (int i = 0; i < 100'000; ++i) {
        uniform.push_back(random.uniform());
        normal.push_back(random.normal());
    }
    EXPECT_LT(test::kolmogorov_smirnov(uniform, [](double x) { return x; }), test::smirnov_limit);
    EXPECT_LT(test::kolmogorov_smirnov(
                  normal, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }),
              test::smirnov_limit);
}

TEST(RandomSequenceDeathTestOneRank, RefusesAnIndexThatWouldOverlap) {
    GTEST_FLAG_SET(death_test_style, "fast");
    EXPECT_DEATH(RandomSequence(1, 0, RandomSequence::index_limit, 0), "below 2\\^36");
}

}  // namespace
}  // namespace tessera
