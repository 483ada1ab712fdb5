#include "tessera/base/build_info.hpp"

#include "build_configuration.hpp"
#include "git_commit.hpp"

namespace tessera {

const BuildInfo& build_info() {
    static constexpr BuildInfo info{
        .version = TESSERA_VERSION,
        .git_commit = TESSERA_GIT_COMMIT,
        .git_dirty = TESSERA_GIT_DIRTY,
        .compiler = TESSERA_COMPILER,
        .flags = TESSERA_FLAGS,
        .build_type = TESSERA_BUILD_TYPE,
        .kokkos_version = TESSERA_KOKKOS_VERSION,
        .kokkos_devices = TESSERA_KOKKOS_DEVICES,
        .mpi_version = TESSERA_MPI_VERSION,
        .petsc_version = TESSERA_PETSC_VERSION,
        .slepc_version = TESSERA_SLEPC_VERSION,
        .hdf5_version = TESSERA_HDF5_VERSION,
    };
    return info;
}

}  // namespace tessera
