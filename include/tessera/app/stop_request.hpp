#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Why a run should stop before its end, asked once per step: a signal on any rank (SIGUSR1,
/// SIGUSR2, SIGTERM, SIGINT), a file `stop_now` in the run folder, or the wall-clock limit. The
/// answer is reduced over all ranks, so that they all leave at the same step.
///
/// Signal handlers only set a flag. One object at a time.
class StopRequest {
  public:
    /// Installs the handlers. The limit counts from `start_seconds` of the monotonic clock.
    StopRequest(Communicator communicator, const std::filesystem::path& run_folder,
                std::optional<double> time_limit_seconds, double start_seconds);
    ~StopRequest();
    StopRequest(const StopRequest&) = delete;
    StopRequest& operator=(const StopRequest&) = delete;

    /// Collective. A reason in words, or nothing. `reserve_seconds` is what the next step and a
    /// checkpoint will take: the time limit is kept with that much to spare.
    [[nodiscard]] std::optional<std::string> poll(double reserve_seconds) const;

    /// Removes the file `stop_now`, so that a resumed run does not stop at once.
    void acknowledge() const;

  private:
    Communicator communicator_;
    std::filesystem::path stop_file_;
    std::optional<double> time_limit_seconds_;
    double start_seconds_;
};

}  // namespace tessera
