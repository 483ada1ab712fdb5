# Language, optimisation and warnings of our own targets; nothing here reaches third-party code.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Debian's PETSc brings an old Kokkos into the process. Symbols that our objects do not export cannot
# be taken for the ones of the same name in there.
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

find_program(TESSERA_CCACHE ccache)
mark_as_advanced(TESSERA_CCACHE)
if(TESSERA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${TESSERA_CCACHE}")
endif()

add_library(tessera_options INTERFACE)
target_compile_features(tessera_options INTERFACE cxx_std_20)
target_compile_options(
  tessera_options
  INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror>)
# -Wpsabi speaks of calls between files compiled for different instruction sets; ours are all compiled
# for one.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 and 13 see overlaps and uninitialised members in inlined std::string code that are not
  # there (GCC bugs 105329, 105651 and 105562).
  target_compile_options(
    tessera_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict -Wno-maybe-uninitialized -Wno-psabi>)
else()
  target_compile_options(tessera_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-psabi>)
endif()
# Not -ffast-math: NaN checks, compensated sums and results that repeat to the last bit depend on the
# order and the rules of IEEE arithmetic.
if(TESSERA_NATIVE)
  target_compile_options(tessera_options INTERFACE -march=native)
endif()
if(TESSERA_BOUNDS_CHECK)
  target_compile_definitions(tessera_options INTERFACE KOKKOS_ENABLE_DEBUG_BOUNDS_CHECK)
endif()
if(TESSERA_SANITIZE)
  target_compile_options(
    tessera_options INTERFACE -fsanitize=${TESSERA_SANITIZE} -fno-sanitize-recover=undefined
                              -fno-omit-frame-pointer)
  target_link_options(tessera_options INTERFACE -fsanitize=${TESSERA_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The instrumentation makes g++ 12 see out-of-range accesses that are not there.
    target_compile_options(
      tessera_options INTERFACE -Wno-error=array-bounds -Wno-error=stringop-overflow)
  endif()
endif()
if(TESSERA_FUZZ)
  # Coverage for libFuzzer in all layers; the fuzzer itself is linked to the harnesses alone.
  target_compile_options(tessera_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
