#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tessera/parallel/runtime.hpp"

namespace tessera::fuzz {

/// MPI and Kokkos for the life of the process: libFuzzer ends it without coming back.
inline void start_libraries(int* argc, char*** argv) {
    static auto* runtime = new Runtime(*argc, *argv);
    (void)runtime;
}

/// A folder of this process in memory.
inline const std::string& folder() {
    static const std::string path = [] {
        std::string name = "/dev/shm/tessera-fuzz-XXXXXX";
        return std::string(mkdtemp(name.data()) == nullptr ? "/dev/shm" : name.data());
    }();
    return path;
}

inline std::string write_file(const std::string& name, const void* bytes, std::size_t size) {
    const std::string path = folder() + "/" + name;
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    if (file == nullptr || std::fwrite(bytes, 1, size, file) != size || std::fclose(file) != 0) {
        std::abort();
    }
    return path;
}

}  // namespace tessera::fuzz
