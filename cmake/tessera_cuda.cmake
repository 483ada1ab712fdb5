# What a Kokkos with CUDA asks of our own targets; the sources know nothing of it.
if(NOT "CUDA" IN_LIST Kokkos_DEVICES)
  return()
endif()
# Kokkos' own launcher puts nvcc in the compiler's place, but not behind another launcher (ccache).
set(CMAKE_CXX_COMPILER_LAUNCHER "")
# fmt takes nvcc for a compiler without constexpr functions, and then its own checks do not compile.
target_compile_definitions(tessera_options INTERFACE FMT_USE_CONSTEXPR=1)
# "Unrecognized GCC pragma": `GCC unroll`, which the host's compiler knows.
target_compile_options(tessera_options INTERFACE "SHELL:-Xcudafe --diag_suppress=1675")
# nvcc's front end does not take toml++ (3.3.0: a lambda in table::for_each). This file alone includes
# it, and no Kokkos.
set_source_files_properties("${PROJECT_SOURCE_DIR}/src/io/deck.cpp" PROPERTIES COMPILE_OPTIONS --host-only)
