#include "tessera/app/program.hpp"
#include "tessera/base/error.hpp"
#include "tessera/base/log.hpp"
#include "tessera/linalg/blas_kernel.hpp"
#include "tessera/parallel/runtime.hpp"

int main(int argc, char** argv) {
    tessera::choose_blas_kernel(argc, argv);
    try {
        const tessera::Runtime runtime(argc, argv);
        return tessera::run_program(argc, argv);
    } catch (const tessera::Error& failure) {  // of the runtime: the program reports its own
        tessera::log::error(failure.what());
        return static_cast<int>(failure.code());
    }
}
