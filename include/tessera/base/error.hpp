#pragma once

#include <stdexcept>
#include <string>

namespace tessera {

/// Exit codes of the program (DESIGN.md, rule 6). Every Error carries the one that it ends with.
enum class ExitCode : int {
    done = 0,
    missed = 1,  ///< a stated expectation was missed, or a solver failed to converge
    usage = 2,   ///< command line or deck
    io = 3,      ///< reading or writing
    memory = 4,
    stopped = 75  ///< stopped early, with a checkpoint written
};

/// Anything that a user can cause. The text is one clear sentence that names the thing, what was
/// expected and what to do; the program prints it once and exits with `code()` on all ranks.
class Error : public std::runtime_error {
  public:
    Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

    [[nodiscard]] ExitCode code() const noexcept { return code_; }

  private:
    ExitCode code_;
};

/// Wrong command line, deck, or a deck that does not fit its data.
class UsageError : public Error {
  public:
    explicit UsageError(const std::string& message) : Error(ExitCode::usage, message) {}
};

/// A file that is missing, malformed, truncated or cannot be written.
class IoError : public Error {
  public:
    explicit IoError(const std::string& message) : Error(ExitCode::io, message) {}
};

/// Too little memory.
class MemoryError : public Error {
  public:
    explicit MemoryError(const std::string& message) : Error(ExitCode::memory, message) {}
};

/// A solver did not converge, or an expectation of the deck was missed.
class ConvergenceError : public Error {
  public:
    explicit ConvergenceError(const std::string& message) : Error(ExitCode::missed, message) {}
};

/// Prints file, line and text, then aborts the whole job: for contradictions inside the program.
[[noreturn]] void internal_failure(const char* file, int line, const std::string& message);

}  // namespace tessera

/// Checks what only a fault of the program itself can break, in every build type.
#define TESSERA_ASSERT(condition, message)                              \
    do {                                                                \
        if (!(condition)) {                                             \
            ::tessera::internal_failure(__FILE__, __LINE__, (message)); \
        }                                                               \
    } while (false)
