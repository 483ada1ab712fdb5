#pragma once

#include <functional>

namespace tessera {

/// Owns the order in which the libraries come up and go down: MPI, Kokkos, then whatever asked for
/// it (SLEPc), and back. Make exactly one, first thing in main; all views must be gone before it.
class Runtime {
  public:
    /// Starts MPI (funnelled threads) and Kokkos. Kokkos' own --kokkos-* arguments are taken out of
    /// the command line. Where one of them is wrong, or Kokkos' device does not start on some rank,
    /// such as a GPU that is not there, MPI ends and all ranks throw the same UsageError.
    Runtime(int& argc, char** argv);
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    /// Runs `hook` before Kokkos and MPI end, the latest first. For libraries that a layer above
    /// starts when it is first needed.
    static void at_end(std::function<void()> hook);

    /// True from the constructor to the destructor.
    [[nodiscard]] static bool alive();
};

}  // namespace tessera
