#pragma once

#include <string>

#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Makes a folder that was not there before, `base/name-<UTC>[-<SLURM job>][-<counter>]`, and marks
/// it incomplete; `base` is made when missing. Collective; the path is the same on every rank.
/// Throws IoError on all ranks when it cannot be made.
[[nodiscard]] std::string make_run_folder(const Communicator& communicator, const std::string& base,
                                          const std::string& name);

/// Makes the named folder and marks it incomplete. Throws UsageError when it already holds
/// something and `overwrite` is false, IoError when it cannot be made. Collective. Nothing is
/// deleted.
void claim_run_folder(const Communicator& communicator, const std::string& folder, bool overwrite);

/// The marker `.incomplete` of a run folder: there from the first moment until everything in it is
/// closed. For one rank. Throws IoError.
void mark_incomplete(const std::string& folder);
void mark_complete(const std::string& folder);
[[nodiscard]] bool is_incomplete(const std::string& folder);

}  // namespace tessera
