#pragma once

#include <functional>

#include "tessera/base/error.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {

/// Runs `work` and returns its exit code, or that of what it throws, on all ranks. An error is told
/// once, by rank 0, and the program ends in order; one that not every rank threw is told with rank
/// and host. When a rank fails while the others wait for it in a collective, which they may do for
/// ever, it waits for them a few seconds, then tells its error itself and ends the whole job.
/// Collective.
[[nodiscard]] int run_and_leave_together(const Communicator& communicator,
                                         const std::function<ExitCode()>& work);

}  // namespace tessera
