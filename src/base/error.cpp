#include "tessera/base/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace tessera {

void internal_failure(const char* file, int line, const std::string& message) {
    std::fprintf(stderr, "tessera: internal contradiction at %s:%d: %s\n", file, line,
                 message.c_str());
    std::fflush(stderr);
    // The launcher ends the other ranks: Open MPI and srun both do on an abort.
    std::abort();
}

}  // namespace tessera
