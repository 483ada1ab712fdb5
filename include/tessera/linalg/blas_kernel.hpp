#pragma once

#include <string>

namespace tessera {

/// Gives OpenBLAS its AVX-512 kernels where it doesn't know the processor. Releases before 0.3.26
/// or so run AVX2 kernels on recent AVX-512 machines, at half their speed, and read the choice from
/// OPENBLAS_CORETYPE only while being loaded: so this sets it to SkylakeX and starts the program
/// again, once, with the same arguments. Call it first thing in main, before MPI comes up.
///
/// Does nothing when OPENBLAS_CORETYPE is set already (the user's choice stands), when the BLAS in
/// use isn't OpenBLAS or has no choice of kernels, when it runs AVX-512 kernels already, when the
/// processor lacks AVX-512 F, CD, DQ, BW or VL, and under valgrind.
void choose_blas_kernel(int argc, char** argv);

/// Which BLAS this process runs, for the log and the manifest: "OpenBLAS 0.3.21, kernel SkylakeX, 1
/// thread", or that it is a slow or unknown one.
[[nodiscard]] std::string blas_description();

}  // namespace tessera
