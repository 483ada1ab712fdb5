#include "tessera/app/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "tessera/base/log.hpp"
#include "tessera/base/memory.hpp"
#include "tessera/base/profile.hpp"

namespace tessera {

std::string format_progress(const ProgressState& state) {
    std::string text = state.steps_expected > 0
                           ? fmt::format("step {}/{}", state.step, state.steps_expected)
                           : fmt::format("step {}", state.step);
    for (const auto& [name, value] : state.values) {
        text += fmt::format("  {} {:.5g}", name, value);
    }
    text += fmt::format("  {:.3g} s/step", state.seconds_per_step);
    if (state.steps_expected > state.step) {
        const double left =
            static_cast<double>(state.steps_expected - state.step) * state.seconds_per_step;
        text += fmt::format("  at most {:.0f} s left", left);
    }
    text += "  memory " + format_bytes(state.largest_resident_bytes) + "/rank";
    return text;
}

ProgressLine::ProgressLine(double every_seconds)
    : every_seconds_(every_seconds), terminal_(isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() { clear(); }

bool ProgressLine::due() const {
    constexpr double live_seconds = 0.2;
    const double wait = terminal_ ? std::min(live_seconds, every_seconds_) : every_seconds_;
    return last_seconds_ < 0.0 || monotonic_seconds() - last_seconds_ >= wait;
}

void ProgressLine::show(const ProgressState& state) {
    last_seconds_ = monotonic_seconds();
    const std::string text = format_progress(state);
    if (terminal_) {
        // Back to the start of the line, and clear what a longer line left behind.
        std::fprintf(stderr, "\r%s\x1b[K", text.c_str());
        std::fflush(stderr);
        visible_ = true;
    } else {
        log::info(text);
    }
}

void ProgressLine::clear() {
    if (visible_) {
        std::fprintf(stderr, "\r\x1b[K");
        visible_ = false;
    }
}

}  // namespace tessera
