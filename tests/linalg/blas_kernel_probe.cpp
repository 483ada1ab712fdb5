// Helper of test_blas_kernel.py: takes part in the choice of the BLAS kernel and prints what came
// of it. With the argument "forget" it drops OPENBLAS_CORETYPE in its first life, and so looks like
// a program whose OpenBLAS did not know the processor.

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tessera/linalg/blas_kernel.hpp"

int main(int argc, char** argv) {
    const bool second_life = std::getenv("TESSERA_BLAS_KERNEL_CHOSEN") != nullptr;
    if (argc > 1 && std::strcmp(argv[1], "forget") == 0 && !second_life) {
        unsetenv("OPENBLAS_CORETYPE");
    }
    tessera::choose_blas_kernel(argc, argv);
    std::printf("%s\n%s\n", tessera::blas_description().c_str(), second_life ? "second" : "first");
    for (int i = 1; i < argc; ++i) {
        std::printf("%s\n", argv[i]);
    }
    return 7;  // shows that the exit code comes through
}
