#include "tessera/base/profile.hpp"

#include <Kokkos_Core.hpp>
#include <chrono>
#include <utility>

namespace tessera {
namespace {

std::map<std::string, PhaseRecord>& records() {
    static std::map<std::string, PhaseRecord> instance;
    return instance;
}

}  // namespace

const std::map<std::string, PhaseRecord>& profile_records() { return records(); }

double monotonic_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

Phase::Phase(std::string name) : name_(std::move(name)), start_seconds_(monotonic_seconds()) {
    Kokkos::Profiling::pushRegion(name_);
}

Phase::~Phase() {
    Kokkos::Profiling::popRegion();
    PhaseRecord& record = records()[name_];
    ++record.calls;
    record.seconds += monotonic_seconds() - start_seconds_;
    record.flops += flops_;
    record.bytes += bytes_;
    record.messages += messages_;
}

void Phase::add_work(double flops, double bytes) {
    flops_ += flops;
    bytes_ += bytes;
}

void Phase::add_messages(long count, double bytes) {
    messages_ += count;
    bytes_ += bytes;
}

}  // namespace tessera
