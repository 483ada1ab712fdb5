#pragma once

#include <string>
#include <vector>

#include "tessera/base/types.hpp"
#include "tessera/method/method.hpp"

namespace tessera {

/// What a progress line says.
struct ProgressState {
    Index step = 0;
    Index steps_expected = 0;  ///< 0: unknown
    std::vector<NamedValue> values;
    double seconds_per_step = 0.0;
    double largest_resident_bytes = 0.0;  ///< over ranks
};

/// Text of one progress line.
[[nodiscard]] std::string format_progress(const ProgressState& state);

/// One line that is rewritten in place on a terminal; in a batch log a plain line now and then,
/// without carriage returns. Meant for rank 0.
class ProgressLine {
  public:
    explicit ProgressLine(double every_seconds);
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    /// True when a line is due; then gather the figures and `show` them. The first one always is.
    [[nodiscard]] bool due() const;
    void show(const ProgressState& state);
    /// Clears the live line, so that other output starts on a line of its own.
    void clear();

  private:
    double every_seconds_;
    double last_seconds_ = -1.0;
    bool terminal_;
    bool visible_ = false;
};

}  // namespace tessera
