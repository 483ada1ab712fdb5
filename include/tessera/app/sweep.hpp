#pragma once

#include "tessera/app/commands.hpp"
#include "tessera/io/deck_sweep.hpp"

namespace tessera {

/// Runs the points of a sweep one after the other, each in a run folder of its own below one sweep
/// folder, then writes the table of all points that have finished (sweep.csv, sweep.json) and a
/// sheet of their estimates (sweep.png). All points are checked against the data first. Ends with
/// exit code 75 as soon as a point is stopped early. Collective.
[[nodiscard]] ExitCode run_sweep(const Communicator& communicator, const RunArguments& arguments,
                                 const Deck& deck, const Sweep& sweep);

/// Whether a folder is that of a sweep (collective).
[[nodiscard]] bool is_sweep_folder(const Communicator& communicator, const std::string& folder);

/// Goes on with the points that have not finished. Collective.
[[nodiscard]] ExitCode resume_sweep(const Communicator& communicator,
                                    const ResumeArguments& arguments);

}  // namespace tessera
