#pragma once

namespace tessera {

/// Reads the command line, runs the command and returns the exit code, the same on all ranks. Needs
/// a living Runtime. Never throws: whatever is thrown below ends in one sentence.
[[nodiscard]] int run_program(int argc, char** argv);

}  // namespace tessera
