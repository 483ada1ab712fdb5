#include "tessera/parallel/runtime.hpp"

#include <malloc.h>
#include <mpi.h>
#include <unistd.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "tessera/base/error.hpp"
#include "tessera/base/log.hpp"
#include "tessera/parallel/agree.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {
namespace {

bool is_alive = false;

std::vector<std::function<void()>>& hooks() {
    static std::vector<std::function<void()>> instance;
    return instance;
}

// Kokkos answers a number that it does not take with an abort and a backtrace.
void require_number(std::string_view argument) {
    const std::size_t end = std::min(argument.find('='), argument.size());
    const std::string_view name = argument.substr(0, end);
    if (name != "--kokkos-num-threads" && name != "--kokkos-device-id") {
        return;
    }
    const std::string_view text = argument.substr(std::min(end + 1, argument.size()));
    const int least = name == "--kokkos-num-threads" ? 1 : 0;
    int number = -1;
    const char* const after = text.data() + text.size();
    const auto [rest, failure] = std::from_chars(text.data(), after, number);
    if (failure != std::errc() || rest != after || number < least) {
        throw UsageError(std::string(name) + " wants a whole number from " + std::to_string(least) +
                         " on, as in " + std::string(name) + "=1, but has \"" + std::string(text) +
                         "\"");
    }
}

// Kokkos gets its own options only, and they leave the command line. Shown --help as well, it would
// answer with its own text before the program does.
void initialize_kokkos(int& argc, char** argv) {
    std::vector<char*> for_kokkos(argv, argv + std::min(argc, 1));
    std::vector<char*> others = for_kokkos;
    for (int i = 1; i < argc; ++i) {
        const bool own = std::string_view(argv[i]).starts_with("--kokkos");
        if (own) {
            require_number(argv[i]);
        }
        (own ? for_kokkos : others).push_back(argv[i]);
    }
    auto count = static_cast<int>(for_kokkos.size());
    for_kokkos.push_back(nullptr);
    try {
        Kokkos::initialize(count, for_kokkos.data());
    } catch (const std::exception& failure) {
        std::array<char, 256> host{};
        gethostname(host.data(), host.size() - 1);
        throw UsageError(std::string("the kernels' device, ") +
                         Kokkos::DefaultExecutionSpace::name() + ", does not start on " +
                         host.data() + ": ask the batch system for one on every node, or take a " +
                         "build for CPU cores (" + failure.what() + ")");
    }
    argc = static_cast<int>(others.size());
    others.push_back(nullptr);
    std::copy(others.begin(), others.end(), argv);
}

// SuperLU_DIST, which PETSc brings along, tells malloc when it is loaded that nothing may ever go
// back to the system. Freed tensors would then leave holes that the next ones do not fit into, and
// a run would need up to twice the memory that it holds, more or less by how the ranks' messages
// fell in time. Arrays of this size and more get pages of their own instead, which go back when
// they are freed.
void give_freed_memory_back() {
#ifdef __GLIBC__
    constexpr int own_pages_bytes = 1 << 20;
    constexpr int usual_number_of_mappings = 65536;
    mallopt(M_MMAP_MAX, usual_number_of_mappings);
    mallopt(M_MMAP_THRESHOLD, own_pages_bytes);
    mallopt(M_TRIM_THRESHOLD, 2 * own_pages_bytes);
#endif
}

}  // namespace

Runtime::Runtime(int& argc, char** argv) {
    TESSERA_ASSERT(!is_alive, "only one Runtime may live");
    give_freed_memory_back();
    int provided = 0;
    // Only the main thread of a rank talks to MPI; kernels' threads never do.
    check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
    // Kokkos warns about OMP_PROC_BIND once per rank; obeying that hint would put all ranks of a
    // node on one core when the launcher does not bind. A user's own setting is kept.
    setenv("KOKKOS_DISABLE_WARNINGS", "1", 0);
    log::set_speaker(Communicator::world().rank() == 0);
    try {
        agree(Communicator::world(), [&] { initialize_kokkos(argc, argv); });
    } catch (const Error&) {
        if (Kokkos::is_initialized()) {
            Kokkos::finalize();
        }
        MPI_Finalize();
        throw;
    }
    is_alive = true;
}

Runtime::~Runtime() {
    for (auto hook = hooks().rbegin(); hook != hooks().rend(); ++hook) {
        (*hook)();
    }
    hooks().clear();
    is_alive = false;
    Kokkos::finalize();
    MPI_Finalize();
}

void Runtime::at_end(std::function<void()> hook) { hooks().push_back(std::move(hook)); }

bool Runtime::alive() { return is_alive; }

}  // namespace tessera
