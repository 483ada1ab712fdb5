# Debian's PETSc loads Trilinos (through ML and Teuchos) and with it Kokkos 3.4, whose symbols carry
# the names of ours over another layout and whose static initialiser registers itself in our
# registry. Teuchos imports three functions of it and calls none that matter here, so a library with
# the same SONAME and these three functions takes its place: the loader finds the name served and
# never opens the old one. Elsewhere (a PETSc without Trilinos) nothing happens.
# Gives tessera::petsc one more library to link, or leaves it alone.

function(tessera_keep_out_old_kokkos)
  pkg_get_variable(_libdir PETSc libdir)
  find_library(TESSERA_PETSC_LIBRARY NAMES petsc_real petsc HINTS
                                                                  "${_libdir}")
  mark_as_advanced(TESSERA_PETSC_LIBRARY)
  if(NOT TESSERA_PETSC_LIBRARY)
    return()
  endif()
  execute_process(COMMAND ldd "${TESSERA_PETSC_LIBRARY}" OUTPUT_VARIABLE _needs ERROR_QUIET)
  if(NOT _needs MATCHES "(libtrilinos_kokkoscore\\.so[.0-9]*)")
    return()
  endif()
  set(_soname "${CMAKE_MATCH_1}")

  set(_source "${PROJECT_BINARY_DIR}/generated/old_kokkos_stand_in.cpp")
  file(CONFIGURE OUTPUT "${_source}" @ONLY CONTENT [=[
#include <string>
namespace Kokkos {
void finalize_all();
void finalize_all() {}
namespace Profiling {
void pushRegion(const std::string&);
void pushRegion(const std::string&) {}
void popRegion();
void popRegion() {}
}  // namespace Profiling
}  // namespace Kokkos
]=])
  add_library(tessera_old_kokkos_stand_in SHARED "${_source}")
  set_target_properties(
    tessera_old_kokkos_stand_in
    PROPERTIES CXX_VISIBILITY_PRESET default
               NO_SONAME ON
               PREFIX ""
               SUFFIX ""
               OUTPUT_NAME "${_soname}"
               LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
  target_link_options(tessera_old_kokkos_stand_in PRIVATE "LINKER:-soname,${_soname}")
  # Nothing of ours refers to it, so the linker would drop it from the list of needed libraries.
  target_link_options(
    tessera_old_kokkos_stand_in INTERFACE
    "LINKER:--push-state,--no-as-needed,${PROJECT_BINARY_DIR}/lib/${_soname},--pop-state")
  target_link_libraries(tessera::petsc INTERFACE tessera_old_kokkos_stand_in)
  message(STATUS "PETSc brings ${_soname}: a stand-in keeps it out of the program")
endfunction()

tessera_keep_out_old_kokkos()
