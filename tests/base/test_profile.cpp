#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tessera/base/profile.hpp"

namespace {

using namespace tessera;

void wait_at_least(std::chrono::milliseconds duration) {
    const double end = monotonic_seconds() + std::chrono::duration<double>(duration).count();
    while (monotonic_seconds() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

TEST(ProfileOneRank, SumsCallsTimeAndWorkOfAPhase) {
    const double start = monotonic_seconds();
    for (int call = 0; call < 3; ++call) {
        Phase phase("test/sums");
        wait_at_least(std::chrono::milliseconds(5));
        phase.add_work(10.0, 100.0);
        phase.add_work(1.0, 2.0);
        phase.add_messages(2, 8.0);
    }
    const double elapsed = monotonic_seconds() - start;
    const PhaseRecord& record = profile_records().at("test/sums");
    EXPECT_EQ(record.calls, 3);
    EXPECT_GE(record.seconds, 0.015);
    EXPECT_LE(record.seconds, elapsed);
    EXPECT_EQ(record.flops, 33.0);
    EXPECT_EQ(record.bytes, 330.0);
    EXPECT_EQ(record.messages, 6);
}

TEST(ProfileOneRank, AnOuterPhaseHoldsTheTimeOfItsInnerOnes) {
    {
        const Phase outer("test/outer");
        const Phase inner("test/inner");
        wait_at_least(std::chrono::milliseconds(3));
    }
    const auto& records = profile_records();
    EXPECT_GE(records.at("test/inner").seconds, 0.003);
    EXPECT_GE(records.at("test/outer").seconds, records.at("test/inner").seconds);
}

TEST(ProfileOneRank, AnExceptionEndsThePhase) {
    try {
        const Phase phase("test/thrown");
        throw std::runtime_error("left early");
    } catch (const std::runtime_error&) {
    }
    EXPECT_EQ(profile_records().at("test/thrown").calls, 1);
}

std::vector<std::string> regions;

TEST(ProfileOneRank, IsARegionForOutsideTools) {
    namespace Tools = Kokkos::Tools::Experimental;
    regions.clear();
    const Tools::EventSet before = Tools::get_callbacks();
    Tools::set_push_region_callback([](const char* name) { regions.emplace_back(name); });
    Tools::set_pop_region_callback([] { regions.emplace_back("end"); });
    { const Phase phase("test/region"); }
    Tools::set_callbacks(before);
    EXPECT_EQ(regions, (std::vector<std::string>{"test/region", "end"}));
}

}  // namespace
