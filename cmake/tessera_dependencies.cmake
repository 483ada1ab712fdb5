# Everything that the program stands on. Each missing piece ends the configuration with one sentence
# that names it and the ways to get it. On a cluster the variables of modules and Spack are honoured:
# Kokkos_ROOT, PETSC_DIR (with PETSC_ARCH), SLEPC_DIR, HDF5_ROOT, OpenBLAS_ROOT, CMAKE_PREFIX_PATH.

function(tessera_missing what package elsewhere)
  message(
    FATAL_ERROR
      "${what} was not found: install the Debian package ${package} (jobs/install_dependencies.sh does), or ${elsewhere}.")
endfunction()

# tessera::<library>, of a package that has neither a CMake nor a pkg-config file of use to us.
function(tessera_find_library title library header package)
  string(TOUPPER "TESSERA_${library}" name)
  find_path(${name}_INCLUDE ${header})
  find_library(${name} ${library})
  if(NOT ${name} OR NOT ${name}_INCLUDE)
    tessera_missing("${title}" "${package}" "add its prefix to CMAKE_PREFIX_PATH")
  endif()
  add_library(tessera::${library} INTERFACE IMPORTED GLOBAL)
  target_include_directories(tessera::${library} INTERFACE "${${name}_INCLUDE}")
  target_link_libraries(tessera::${library} INTERFACE "${${name}}")
endfunction()

find_package(PkgConfig QUIET)
if(NOT PkgConfig_FOUND)
  tessera_missing("pkg-config" "pkg-config" "load a module that provides it")
endif()

# --- Kokkos ---------------------------------------------------------------------------------------
# Always with a version: without one, CMake takes the Kokkos 3.4 that Debian's Trilinos installs.
set(TESSERA_KOKKOS_VERSION 4.6)
if(DEFINED ENV{TESSERA_DEPENDENCIES})
  set(_kokkos_hints "$ENV{TESSERA_DEPENDENCIES}/kokkos")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(_kokkos_hints "$ENV{XDG_CACHE_HOME}/tessera/kokkos")
else()
  set(_kokkos_hints "$ENV{HOME}/.cache/tessera/kokkos")
endif()
find_package(Kokkos ${TESSERA_KOKKOS_VERSION} CONFIG QUIET HINTS "${_kokkos_hints}")
if(NOT Kokkos_FOUND AND (TESSERA_FETCH_KOKKOS OR FETCHCONTENT_SOURCE_DIR_KOKKOS))
  include(tessera_fetch_kokkos)
elseif(NOT Kokkos_FOUND)
  message(
    FATAL_ERROR
      "Kokkos ${TESSERA_KOKKOS_VERSION} or newer was not found: run jobs/install_dependencies.sh, or load a module or Spack package and set Kokkos_ROOT, or configure with -DTESSERA_FETCH_KOKKOS=ON where the internet is reachable.")
endif()
if(TESSERA_REQUIRE_DEVICE AND NOT TESSERA_REQUIRE_DEVICE IN_LIST Kokkos_DEVICES)
  message(
    FATAL_ERROR
      "The Kokkos in ${Kokkos_DIR} has the back ends [${Kokkos_DEVICES}] but this build asks for ${TESSERA_REQUIRE_DEVICE}: set Kokkos_ROOT to one built with -DKokkos_ENABLE_${TESSERA_REQUIRE_DEVICE}=ON, or configure with -DTESSERA_FETCH_KOKKOS=ON where the internet is reachable.")
endif()

# --- MPI ------------------------------------------------------------------------------------------
find_package(MPI QUIET COMPONENTS C CXX)
if(NOT MPI_FOUND)
  tessera_missing("MPI" "libopenmpi-dev and openmpi-bin" "load an MPI module or set MPI_HOME")
endif()

# --- PETSc and SLEPc ------------------------------------------------------------------------------
# Gives tessera::<name> from a pkg-config module; the compile flags recorded in the .pc file
# (Debian's -Wdate-time, -D_FORTIFY_SOURCE) are the packager's own and stay out of our builds.
function(tessera_pkg_config target prefix requirement)
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${requirement})
  set(${prefix}_FOUND ${${prefix}_FOUND} PARENT_SCOPE)
  set(${prefix}_VERSION ${${prefix}_VERSION} PARENT_SCOPE)
  if(${prefix}_FOUND)
    set_property(TARGET PkgConfig::${prefix} PROPERTY INTERFACE_COMPILE_OPTIONS "")
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(${target} INTERFACE PkgConfig::${prefix})
  endif()
endfunction()

foreach(_package PETSC SLEPC)
  foreach(_source "${${_package}_DIR}" "$ENV{${_package}_DIR}")
    if(_source)
      list(PREPEND CMAKE_PREFIX_PATH "${_source}/$ENV{PETSC_ARCH}" "${_source}")
      set(ENV{PKG_CONFIG_PATH}
          "${_source}/$ENV{PETSC_ARCH}/lib/pkgconfig:${_source}/lib/pkgconfig:$ENV{PKG_CONFIG_PATH}")
    endif()
  endforeach()
endforeach()
tessera_pkg_config(tessera::petsc TESSERA_PETSC PETSc>=3.18)
if(NOT TESSERA_PETSC_FOUND)
  tessera_missing("PETSc 3.18 or newer" "petsc-dev" "load a module or Spack package and set PETSC_DIR")
endif()
tessera_pkg_config(tessera::slepc TESSERA_SLEPC SLEPc>=3.18)
if(NOT TESSERA_SLEPC_FOUND)
  tessera_missing("SLEPc 3.18 or newer" "slepc-dev" "load a module or Spack package and set SLEPC_DIR")
endif()

# --- Dense linear algebra -------------------------------------------------------------------------
# OpenBLAS by name, not "any BLAS": the reference BLAS, which FindBLAS may pick, is ten times slower.
find_library(TESSERA_OPENBLAS NAMES openblas)
find_path(TESSERA_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas openblas-openmp)
if(NOT TESSERA_OPENBLAS OR NOT TESSERA_CBLAS_INCLUDE)
  tessera_missing("OpenBLAS" "libopenblas-openmp-dev" "load a module and add its prefix to CMAKE_PREFIX_PATH")
endif()
find_library(TESSERA_LAPACKE NAMES lapacke openblas)
find_path(TESSERA_LAPACKE_INCLUDE lapacke.h PATH_SUFFIXES openblas)
if(NOT TESSERA_LAPACKE OR NOT TESSERA_LAPACKE_INCLUDE)
  tessera_missing("LAPACKE" "liblapacke-dev" "add the prefix of an OpenBLAS with LAPACKE to CMAKE_PREFIX_PATH")
endif()
add_library(tessera::blas INTERFACE IMPORTED GLOBAL)
target_include_directories(tessera::blas INTERFACE "${TESSERA_CBLAS_INCLUDE}" "${TESSERA_LAPACKE_INCLUDE}")
target_link_libraries(tessera::blas INTERFACE "${TESSERA_OPENBLAS}" "${TESSERA_LAPACKE}")

# --- Input and output -----------------------------------------------------------------------------
set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 QUIET COMPONENTS C)
if(NOT HDF5_FOUND)
  tessera_missing("Parallel HDF5" "libhdf5-openmpi-dev" "load a module or Spack package and set HDF5_ROOT")
elseif(NOT HDF5_IS_PARALLEL)
  message(
    FATAL_ERROR
      "The HDF5 in ${HDF5_INCLUDE_DIRS} was built without MPI: install the Debian package libhdf5-openmpi-dev, or set HDF5_ROOT to a parallel one.")
endif()

# Not by pkg-config: matio's module adds the include folder of the serial HDF5.
tessera_find_library(matio matio matio.h libmatio-dev)

pkg_check_modules(CAIRO QUIET IMPORTED_TARGET cairo)
if(NOT CAIRO_FOUND)
  tessera_missing("cairo" "libcairo2-dev" "add its folder of .pc files to PKG_CONFIG_PATH")
endif()
foreach(
  _entry
  "PNG libpng libpng-dev" "ZLIB zlib zlib1g-dev" "EXPAT expat libexpat1-dev" "TIFF libtiff libtiff-dev")
  separate_arguments(_entry)
  list(GET _entry 0 _name)
  list(GET _entry 1 _title)
  list(GET _entry 2 _package)
  find_package(${_name} QUIET)
  if(NOT ${_name}_FOUND)
    tessera_missing("${_title}" "${_package}" "add its prefix to CMAKE_PREFIX_PATH")
  endif()
endforeach()

tessera_pkg_config(tessera::libzip TESSERA_LIBZIP libzip)
if(NOT TESSERA_LIBZIP_FOUND)
  tessera_missing("libzip" "libzip-dev" "add its folder of .pc files to PKG_CONFIG_PATH")
endif()
# Its headers alone: the library would read and write whole volumes on one rank.
find_path(TESSERA_NIFTI_INCLUDE nifti/nifti1.h)
if(NOT TESSERA_NIFTI_INCLUDE)
  tessera_missing("The header nifti1.h" "libnifti-dev" "add its prefix to CMAKE_PREFIX_PATH")
endif()
add_library(tessera::nifti INTERFACE IMPORTED GLOBAL)
target_include_directories(tessera::nifti INTERFACE "${TESSERA_NIFTI_INCLUDE}")

# --- Classification -------------------------------------------------------------------------------
tessera_find_library(libsvm svm libsvm/svm.h libsvm-dev)

# --- Header libraries and the log -----------------------------------------------------------------
foreach(
  _entry
  "fmt libfmt-dev" "spdlog libspdlog-dev" "tomlplusplus libtomlplusplus-dev"
  "nlohmann_json nlohmann-json3-dev" "CLI11 libcli11-dev")
  separate_arguments(_entry)
  list(GET _entry 0 _name)
  list(GET _entry 1 _package)
  find_package(${_name} QUIET CONFIG)
  if(NOT ${_name}_FOUND)
    tessera_missing("${_name}" "${_package}" "add its prefix to CMAKE_PREFIX_PATH")
  endif()
endforeach()

find_path(TESSERA_RANDOM123_INCLUDE Random123/philox.h)
if(NOT TESSERA_RANDOM123_INCLUDE)
  tessera_missing("Random123" "librandom123-dev" "add its prefix to CMAKE_PREFIX_PATH")
endif()
add_library(tessera::random123 INTERFACE IMPORTED GLOBAL)
target_include_directories(tessera::random123 INTERFACE "${TESSERA_RANDOM123_INCLUDE}")

# Its headers alone: special functions, quadrature, rational numbers.
find_path(TESSERA_BOOST_INCLUDE boost/multiprecision/cpp_int.hpp)
if(NOT TESSERA_BOOST_INCLUDE)
  tessera_missing("Boost" "libboost-dev" "add its prefix to CMAKE_PREFIX_PATH")
endif()
add_library(tessera::boost INTERFACE IMPORTED GLOBAL)
target_include_directories(tessera::boost INTERFACE "${TESSERA_BOOST_INCLUDE}")

message(STATUS "Kokkos ${Kokkos_VERSION} [${Kokkos_DEVICES}] in ${Kokkos_DIR}")
message(STATUS "MPI ${MPI_CXX_VERSION} (${MPIEXEC_EXECUTABLE}), PETSc ${TESSERA_PETSC_VERSION}, SLEPc ${TESSERA_SLEPC_VERSION}, HDF5 ${HDF5_VERSION}, BLAS ${TESSERA_OPENBLAS}")
