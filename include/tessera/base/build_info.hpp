#pragma once

#include <string_view>

namespace tessera {

/// What this executable was built from and with; goes into every manifest.
struct BuildInfo {
    std::string_view version;     ///< of the program, "major.minor.patch"
    std::string_view git_commit;  ///< 12 digits, or "unknown" outside a git checkout
    bool git_dirty;               ///< tracked files differed from the commit
    std::string_view compiler;    ///< name and version
    std::string_view flags;       ///< optimisation and machine flags, without warnings
    std::string_view build_type;  ///< CMake's: Release, Debug, ...
    std::string_view kokkos_version;
    std::string_view kokkos_devices;  ///< back ends, separated by commas
    std::string_view mpi_version;     ///< of the MPI standard that the library states
    std::string_view petsc_version;
    std::string_view slepc_version;
    std::string_view hdf5_version;
};

/// The build of the running executable.
const BuildInfo& build_info();

}  // namespace tessera
