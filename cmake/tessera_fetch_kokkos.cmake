# Upstream's Kokkos, built as part of this tree. Only on request: without a network the download
# waits for minutes before it fails. FETCHCONTENT_SOURCE_DIR_KOKKOS=<folder> uses sources at hand.
include(FetchContent)
set(TESSERA_FETCHED_KOKKOS 5.2.2 CACHE STRING "Release of Kokkos that TESSERA_FETCH_KOKKOS downloads")

set(Kokkos_ENABLE_SERIAL ON CACHE BOOL "")
set(Kokkos_ENABLE_OPENMP ON CACHE BOOL "")
if(TESSERA_REQUIRE_DEVICE)
  set(Kokkos_ENABLE_${TESSERA_REQUIRE_DEVICE} ON CACHE BOOL "")
endif()
set(_tests ${BUILD_TESTING})
set(BUILD_TESTING OFF)
FetchContent_Declare(
  Kokkos
  URL https://github.com/kokkos/kokkos/releases/download/${TESSERA_FETCHED_KOKKOS}/kokkos-${TESSERA_FETCHED_KOKKOS}.tar.gz
  DOWNLOAD_EXTRACT_TIMESTAMP ON
  SYSTEM)
FetchContent_MakeAvailable(Kokkos)
set(BUILD_TESTING ${_tests})

# An in-tree Kokkos does not set the variables that an installed one does.
set(Kokkos_DIR "${kokkos_SOURCE_DIR}")
if(NOT Kokkos_VERSION)
  set(Kokkos_VERSION ${TESSERA_FETCHED_KOKKOS})
endif()
set(Kokkos_DEVICES)
foreach(_device SERIAL OPENMP THREADS CUDA HIP SYCL)
  if(Kokkos_ENABLE_${_device})
    list(APPEND Kokkos_DEVICES ${_device})
  endif()
endforeach()
