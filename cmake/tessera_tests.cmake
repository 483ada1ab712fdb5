# Registration of tests: which program, on how many ranks, in which environment.

find_package(GTest QUIET)
if(NOT GTest_FOUND)
  message(
    FATAL_ERROR
      "GoogleTest was not found: install the Debian package libgtest-dev, add its prefix to CMAKE_PREFIX_PATH, or configure with -DTESSERA_TESTS=OFF.")
endif()

# Real data that some tests read; they are skipped where it is not there.
if(NOT TESSERA_TEST_DATA)
  if(DEFINED ENV{TESSERA_DATA})
    set(_data "$ENV{TESSERA_DATA}")
  elseif(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/../shared/data")
    cmake_path(ABSOLUTE_PATH PROJECT_SOURCE_DIR NORMALIZE OUTPUT_VARIABLE _data)
    cmake_path(GET _data PARENT_PATH _data)
    set(_data "${_data}/shared/data")
  else()
    set(_data "")
  endif()
  set(TESSERA_TEST_DATA "${_data}" CACHE PATH "Folder of real data for the tests (TESSERA_DATA)" FORCE)
endif()

# The system's Python sees Debian's h5py and VTK; one from pyenv or conda further up PATH does not.
find_program(TESSERA_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(TESSERA_PYTHON python3)
mark_as_advanced(TESSERA_PYTHON)

set(TESSERA_TEST_RESULTS "${PROJECT_BINARY_DIR}/test-results")
file(MAKE_DIRECTORY "${TESSERA_TEST_RESULTS}")

# One thread per rank, no binding and no spinning: a test machine has fewer cores than ranks.
set(TESSERA_TEST_ENVIRONMENT
    OMP_NUM_THREADS=1
    OMP_PROC_BIND=false
    OPENBLAS_NUM_THREADS=1
    KOKKOS_DISABLE_WARNINGS=1
    GTEST_COLOR=no
    OMPI_ALLOW_RUN_AS_ROOT=1
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    OMPI_MCA_rmaps_base_oversubscribe=1
    OMPI_MCA_hwloc_base_binding_policy=none
    OMPI_MCA_mpi_yield_when_idle=1
    # Containers often forbid reading another process' memory, and Open MPI then fails late.
    OMPI_MCA_btl_vader_single_copy_mechanism=none
    "TESSERA_SOURCE=${PROJECT_SOURCE_DIR}"
    "TESSERA_PROGRAM=${PROJECT_BINARY_DIR}/tessera"
    "TESSERA_PYTHON=${TESSERA_PYTHON}"
    "TESSERA_MPIEXEC=${MPIEXEC_EXECUTABLE}")
if(TESSERA_TEST_DATA)
  list(APPEND TESSERA_TEST_ENVIRONMENT "TESSERA_DATA=${TESSERA_TEST_DATA}")
endif()
if(TESSERA_SANITIZE)
  # Slow unwinding, because the modules that Open MPI unloads have no frame pointers and a leak in
  # them could otherwise not be told from one of ours.
  list(
    APPEND TESSERA_TEST_ENVIRONMENT
    "ASAN_OPTIONS=fast_unwind_on_malloc=0:detect_stack_use_after_return=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0")
  set(TESSERA_TEST_SLOWDOWN 6)
else()
  set(TESSERA_TEST_SLOWDOWN 1)
endif()

# Sets what every test has: environment, time limit, labels, cores taken.
function(_tessera_test_properties name ranks timeout labels)
  math(EXPR timeout "${timeout} * ${TESSERA_TEST_SLOWDOWN}")
  set_tests_properties(
    ${name} PROPERTIES ENVIRONMENT "${TESSERA_TEST_ENVIRONMENT}" TIMEOUT ${timeout}
                       PROCESSORS ${ranks} SKIP_RETURN_CODE 77 LABELS "${labels}")
endfunction()

# _tessera_add_test_program(<target> FILES <file>... [LINK <target>...])
function(_tessera_add_test_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FILES;LINK")
  add_executable(${target} ${arg_FILES})
  target_link_libraries(${target} PRIVATE tessera_options tessera_test_support ${arg_LINK})
  # What a test compares or counts with is often an int against a size.
  target_compile_options(${target} PRIVATE -Wno-sign-conversion)
endfunction()

# _tessera_run_on_ranks(<entry> <target> RANKS.. TIMEOUT.. LABELS..): ctest entries <entry>@<ranks>
function(_tessera_run_on_ranks entry target)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "TIMEOUT" "RANKS;LABELS")
  string(REPLACE "/" "." file "${entry}")
  foreach(ranks IN LISTS arg_RANKS)
    add_test(NAME ${entry}@${ranks}
             COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} $<TARGET_FILE:${target}>
                     --gtest_output=json:${TESSERA_TEST_RESULTS}/${file}@${ranks}.json)
    _tessera_test_properties(${entry}@${ranks} ${ranks} ${arg_TIMEOUT} "${arg_LABELS}")
  endforeach()
endfunction()

# tessera_add_mpi_test(<layer> <file.cpp> [RANKS 1 2 4] [TIMEOUT seconds] [LABELS ...] [LINK ...])
# A program of its own for one test file; ctest entries <layer>/<file>@<ranks>, label <layer>.
function(tessera_add_mpi_test layer file)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "TIMEOUT" "RANKS;LABELS;LINK")
  if(NOT arg_RANKS)
    set(arg_RANKS 1 2 4)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  cmake_path(ABSOLUTE_PATH file NORMALIZE)
  cmake_path(GET file STEM stem)
  string(REGEX REPLACE "^test_" "" stem "${stem}")
  if(TARGET tessera_${layer})
    list(APPEND arg_LINK tessera_${layer})
  endif()
  _tessera_add_test_program(test_${layer}_${stem} FILES "${file}" LINK ${arg_LINK})
  _tessera_run_on_ranks(
    ${layer}/${stem} test_${layer}_${stem} RANKS ${arg_RANKS} TIMEOUT ${arg_TIMEOUT} LABELS ${layer}
    ${arg_LABELS})
  set_property(GLOBAL APPEND PROPERTY TESSERA_TESTS_TAKEN "${file}")
endfunction()

# All tests/<layer>/**/test_*.cpp that are not registered otherwise; ctest entries <layer>@<ranks>.
function(tessera_add_layer_tests layer)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${layer}/test_*.cpp")
  get_property(taken GLOBAL PROPERTY TESSERA_TESTS_TAKEN)
  list(REMOVE_ITEM files ${taken})
  if(files)
    _tessera_add_test_program(test_${layer} FILES ${files} LINK tessera_${layer})
    _tessera_run_on_ranks(${layer} test_${layer} RANKS 1 2 4 TIMEOUT 300 LABELS ${layer})
  endif()
endfunction()

# tessera_add_program_test(<name> COMMAND ... [RANKS n] [TIMEOUT seconds] [LABELS ...])
# Any command (a script that runs the program); exit code 77 means skipped. RANKS is the number of
# cores that it takes while it runs. The environment names TESSERA_PROGRAM, TESSERA_SOURCE,
# TESSERA_PYTHON, TESSERA_MPIEXEC and, where there is any, TESSERA_DATA.
function(tessera_add_program_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;RANKS" "COMMAND;LABELS")
  if(NOT arg_RANKS)
    set(arg_RANKS 1)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  _tessera_test_properties(${name} ${arg_RANKS} ${arg_TIMEOUT} "${arg_LABELS}")
endfunction()
