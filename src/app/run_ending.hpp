#pragma once

#include <string>
#include <vector>

#include "tessera/app/held_out.hpp"
#include "tessera/app/memory_marks.hpp"
#include "tessera/app/run_report.hpp"
#include "tessera/app/runner.hpp"
#include "tessera/app/study.hpp"
#include "tessera/base/profile.hpp"
#include "tessera/method/method.hpp"

namespace tessera {

/// One start of the program on a run folder: fresh, or going on from a checkpoint.
struct Session {
    const Communicator& communicator;
    const Study& study;
    std::string folder;
    std::string title;
    std::string manifest;
    bool resumed = false;
    double start_seconds = monotonic_seconds();
};

/// The end of a run that was asked to stop: the summary, and how to go on.
ExitCode end_early(const Session& session, const RunEnd& end, Index steps, MemoryMarks& memory);

/// What a finished run is judged by, besides what its method reports.
struct Verdict {
    std::vector<NamedValue> figures;
    std::vector<std::string> table;

    void add(const std::vector<NamedValue>& more_figures, const std::vector<std::string>& lines);
};

Verdict verdict_of(const std::vector<QualityRow>& quality, const std::vector<HeldOutRow>& held_out);

/// The end of a finished run whose result is written: figures, expectations, the last files.
template <typename T>
ExitCode conclude(const Session& session, const Method<T>& method, const RunEnd& end,
                  const Verdict& verdict, const std::string& manifest, const MemoryMarks& memory);

}  // namespace tessera
