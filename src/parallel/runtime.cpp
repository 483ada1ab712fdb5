#include "tessera/parallel/runtime.hpp"

#include <mpi.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "tessera/base/error.hpp"
#include "tessera/base/log.hpp"
#include "tessera/parallel/communicator.hpp"

namespace tessera {
namespace {

bool is_alive = false;

std::vector<std::function<void()>>& hooks() {
    static std::vector<std::function<void()>> instance;
    return instance;
}

// Kokkos gets its own options only, and they leave the command line. Shown --help as well, it would
// answer with its own text before the program does.
void initialize_kokkos(int& argc, char** argv) {
    std::vector<char*> for_kokkos(argv, argv + std::min(argc, 1));
    std::vector<char*> others = for_kokkos;
    for (int i = 1; i < argc; ++i) {
        const bool own = std::string_view(argv[i]).starts_with("--kokkos");
        (own ? for_kokkos : others).push_back(argv[i]);
    }
    auto count = static_cast<int>(for_kokkos.size());
    for_kokkos.push_back(nullptr);
    Kokkos::initialize(count, for_kokkos.data());
    argc = static_cast<int>(others.size());
    others.push_back(nullptr);
    std::copy(others.begin(), others.end(), argv);
}

}  // namespace

Runtime::Runtime(int& argc, char** argv) {
    TESSERA_ASSERT(!is_alive, "only one Runtime may live");
    int provided = 0;
    // Only the main thread of a rank talks to MPI; kernels' threads never do.
    check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
    // Kokkos warns about OMP_PROC_BIND once per rank; obeying that hint would put all ranks of a
    // node on one core when the launcher does not bind. A user's own setting is kept.
    setenv("KOKKOS_DISABLE_WARNINGS", "1", 0);
    initialize_kokkos(argc, argv);
    is_alive = true;
    log::set_speaker(Communicator::world().rank() == 0);
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
