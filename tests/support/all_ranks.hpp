#pragma once

#include <gtest/gtest.h>

#include <functional>

/// Assertions whose verdict is the same on every rank. A plain ASSERT_ leaves the test on one rank
/// only, and the others then wait for it in their next collective call for ever. All of these are
/// collective over MPI_COMM_WORLD: every rank has to reach them.

namespace tessera::test_support {

/// Success when `condition` gives true on all ranks; otherwise a failure that names the ranks. An
/// exception on one rank counts as false there. Collective.
[[nodiscard]] ::testing::AssertionResult on_all_ranks(const std::function<bool()>& condition,
                                                      const char* text);

/// Success when |a - b| <= tolerance on all ranks; NaN fails. Collective.
[[nodiscard]] ::testing::AssertionResult near_on_all_ranks(double a, double b, double tolerance,
                                                           const char* a_text, const char* b_text);

/// Number of ranks and own rank in MPI_COMM_WORLD.
[[nodiscard]] int rank_count();
[[nodiscard]] int own_rank();

}  // namespace tessera::test_support

/// Fails on all ranks, and goes on, when the condition is false on any.
#define EXPECT_ALL_RANKS(...) TESSERA_ALL_RANKS_(GTEST_NONFATAL_FAILURE_, __VA_ARGS__)
/// Fails on all ranks, and leaves the function on all of them, when the condition is false on any.
#define ASSERT_ALL_RANKS(...) TESSERA_ALL_RANKS_(GTEST_FATAL_FAILURE_, __VA_ARGS__)
/// |a - b| <= tolerance on all ranks, in double.
#define EXPECT_NEAR_ALL_RANKS(a, b, tolerance) \
    TESSERA_NEAR_ALL_RANKS_(GTEST_NONFATAL_FAILURE_, a, b, tolerance)
#define ASSERT_NEAR_ALL_RANKS(a, b, tolerance) \
    TESSERA_NEAR_ALL_RANKS_(GTEST_FATAL_FAILURE_, a, b, tolerance)

#define TESSERA_ALL_RANKS_(failure, ...)                                                           \
    GTEST_AMBIGUOUS_ELSE_BLOCKER_                                                                  \
    if (const ::testing::AssertionResult tessera_verdict_ = ::tessera::test_support::on_all_ranks( \
            [&]() -> bool { return static_cast<bool>(__VA_ARGS__); }, #__VA_ARGS__))               \
        ;                                                                                          \
    else                                                                                           \
        failure(tessera_verdict_.failure_message())

#define TESSERA_NEAR_ALL_RANKS_(failure, a, b, tolerance)                                       \
    GTEST_AMBIGUOUS_ELSE_BLOCKER_                                                               \
    if (const ::testing::AssertionResult tessera_verdict_ =                                     \
            ::tessera::test_support::near_on_all_ranks(static_cast<double>(a),                  \
                                                       static_cast<double>(b),                  \
                                                       static_cast<double>(tolerance), #a, #b)) \
        ;                                                                                       \
    else                                                                                        \
        failure(tessera_verdict_.failure_message())
