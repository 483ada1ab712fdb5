#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tessera/base/types.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// One line of metrics.jsonl: what was reported after a step.
struct MetricsLine {
    Index step = 0;
    std::vector<std::pair<std::string, double>> values;
};

/// metrics.jsonl: one JSON object per line, {"step": 3, "objective": 0.5, ...}, each handed to the
/// operating system before `append` returns. Rank 0 writes.
class JsonLines {
  public:
    /// A new file, or (`keep_to_step` >= 0, for a resumed run) the one at hand without the lines
    /// after that step and without a last line that a crash cut off. Collective; throws IoError on
    /// all ranks.
    JsonLines(const Communicator& communicator, std::string path, Index keep_to_step = -1);

    /// Numbers are written with as many digits as it takes to read back the same bits; NaN and
    /// infinities, which JSON does not have, as null. Collective; throws IoError on all ranks.
    void append(const MetricsLine& line);

  private:
    Communicator communicator_;
    std::string path_;
};

/// The lines of a metrics.jsonl; null becomes NaN; values that are not numbers are left out, as is
/// an incomplete last line. For one rank. Throws IoError when the file is missing or a line is no
/// JSON object.
[[nodiscard]] std::vector<MetricsLine> read_json_lines(const std::string& path);

}  // namespace tessera
