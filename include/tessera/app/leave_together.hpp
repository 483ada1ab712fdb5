#pragma once

#include <functional>

#include "tessera/base/error.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Runs `work` and returns its exit code, or that of what it throws. An error that all ranks threw
/// is told once, by rank 0, and the program ends in order. When a rank has failed alone, the others
/// may wait for it in a collective for ever: so it waits for them a few seconds, then tells its
/// error with rank and host and ends the whole job. Collective.
[[nodiscard]] int run_and_leave_together(const Communicator& communicator,
                                         const std::function<ExitCode()>& work);

}  // namespace tessera
