#include "tessera/app/stop_request.hpp"

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <utility>

#include "tessera/base/profile.hpp"

namespace tessera {
namespace {

constexpr std::array watched_signals = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT};

// The only thing a handler may touch.
volatile std::sig_atomic_t caught_signal = 0;

extern "C" void note_signal(int number) { caught_signal = number; }

void install(void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    // Reads and writes that a signal interrupts go on by themselves.
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (const int number : watched_signals) {
        sigaction(number, &action, nullptr);
    }
}

std::string signal_name(int number) {
    switch (number) {
        case SIGUSR1:
            return "SIGUSR1";
        case SIGUSR2:
            return "SIGUSR2";
        case SIGTERM:
            return "SIGTERM";
        default:
            return "SIGINT";
    }
}

}  // namespace

StopRequest::StopRequest(Communicator communicator, const std::filesystem::path& run_folder,
                         std::optional<double> time_limit_seconds, double start_seconds)
    : communicator_(std::move(communicator)),
      stop_file_(run_folder / "stop_now"),
      time_limit_seconds_(time_limit_seconds),
      start_seconds_(start_seconds) {
    caught_signal = 0;
    install(note_signal);
}

StopRequest::~StopRequest() { install(SIG_DFL); }

std::optional<std::string> StopRequest::poll(double reserve_seconds) const {
    // One reduction: [signal number, stop file seen, time is up]. Only rank 0 looks at the file
    // system and the clock; its view is what counts.
    std::array<int, 3> found = {caught_signal, 0, 0};
    if (communicator_.rank() == 0) {
        std::error_code ignored;
        found[1] = std::filesystem::exists(stop_file_, ignored) ? 1 : 0;
        const double used = monotonic_seconds() - start_seconds_;
        found[2] = time_limit_seconds_ && used + reserve_seconds > *time_limit_seconds_ ? 1 : 0;
    }
    communicator_.max_in_place(found.data(), static_cast<Index>(found.size()));
    if (found[0] != 0) {
        return signal_name(found[0]) + " was received";
    }
    if (found[1] != 0) {
        return stop_file_.string() + " was found";
    }
    if (found[2] != 0) {
        return fmt::format("the time limit of {:.0f} s is near", *time_limit_seconds_);
    }
    return std::nullopt;
}

void StopRequest::acknowledge() const {
    if (communicator_.rank() == 0) {
        std::error_code ignored;
        std::filesystem::remove(stop_file_, ignored);
    }
}

}  // namespace tessera
