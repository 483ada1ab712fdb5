#include <gtest/gtest.h>

#include <new>
#include <string>

#include "all_ranks.hpp"
#include "tessera/base/error.hpp"
#include "tessera/parallel/agree.hpp"

namespace {

using namespace tessera;
using namespace tessera::test_support;

/// The error that `agree` ended with, as text and code; code `done` without one.
struct Outcome {
    std::string text;
    ExitCode code = ExitCode::done;
};

Outcome outcome_of(const std::function<void()>& work) {
    try {
        agree(Communicator::world(), work);
    } catch (const Error& error) {
        return {error.what(), error.code()};
    }
    return {};
}

TEST(Agree, NobodyFails) {
    int calls = 0;
    const Outcome outcome = outcome_of([&] { ++calls; });
    EXPECT_ALL_RANKS(calls == 1);
    EXPECT_ALL_RANKS(outcome.code == ExitCode::done);
}

TEST(Agree, OneRanksFailureReachesAll) {
    for (int failing = 0; failing < rank_count(); ++failing) {
        const Outcome outcome = outcome_of([&] {
            if (own_rank() == failing) {
                throw IoError("no room on rank " + std::to_string(failing));
            }
        });
        EXPECT_ALL_RANKS(outcome.text == "no room on rank " + std::to_string(failing));
        EXPECT_ALL_RANKS(outcome.code == ExitCode::io);
    }
}

TEST(Agree, TheLowestFailingRankSpeaks) {
    const int first = rank_count() / 2;
    const Outcome outcome = outcome_of([&] {
        if (own_rank() == first) {
            throw UsageError("of rank " + std::to_string(first));
        }
        if (own_rank() > first) {
            throw MemoryError("a longer text, of a later rank");
        }
    });
    EXPECT_ALL_RANKS(outcome.text == "of rank " + std::to_string(first));
    EXPECT_ALL_RANKS(outcome.code == ExitCode::usage);
}

TEST(Agree, FailedAllocationIsAMemoryError) {
    const Outcome outcome = outcome_of([&] {
        if (own_rank() == rank_count() - 1) {
            throw std::bad_alloc();
        }
    });
    EXPECT_ALL_RANKS(outcome.code == ExitCode::memory);
}

TEST(Agree, HoldsOnAGroupOfRanks) {
    const Communicator& world = Communicator::world();
    const Communicator group = world.split(world.rank() % 2, world.rank());
    bool failed = false;
    try {
        agree(group, [&] {
            if (world.rank() == 0) {
                throw UsageError("even ranks only");
            }
        });
    } catch (const Error&) {
        failed = true;
    }
    EXPECT_ALL_RANKS(failed == (world.rank() % 2 == 0));
}

}  // namespace
