#pragma once

#include <map>
#include <string>

namespace tessera {

/// Time and work of one named phase on this rank, summed over its calls.
struct PhaseRecord {
    long calls = 0;
    double seconds = 0.0;
    double flops = 0.0;  ///< floating-point operations, where the phase states them
    double bytes = 0.0;  ///< bytes moved, where the phase states them
    long messages = 0;   ///< sent to other ranks, or reductions over ranks, where it states them
};

/// What this rank did so far, by phase name ("svd/tsqr"). The Runner prints it reduced over ranks.
[[nodiscard]] const std::map<std::string, PhaseRecord>& profile_records();

/// A named phase, from construction to destruction. Also a Kokkos profiling region, so that outside
/// tools see the same names.
class Phase {
  public:
    explicit Phase(std::string name);
    ~Phase();
    Phase(const Phase&) = delete;
    Phase& operator=(const Phase&) = delete;

    /// States work done in this phase, for rates in the table.
    void add_work(double flops, double bytes);
    /// States messages to other ranks, or reductions over them, and their bytes.
    void add_messages(long count, double bytes);

  private:
    std::string name_;
    double start_seconds_;
    double flops_ = 0.0;
    double bytes_ = 0.0;
    long messages_ = 0;
};

/// Seconds of a monotonic clock, for measuring durations.
[[nodiscard]] double monotonic_seconds();

}  // namespace tessera
