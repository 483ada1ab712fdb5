#include "tessera/app/program.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/parallel/runtime.hpp"

int main(int argc, char** argv) {
    tessera::choose_blas_kernel(argc, argv);
    const tessera::Runtime runtime(argc, argv);
    return tessera::run_program(argc, argv);
}
