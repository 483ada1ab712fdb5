# What the program says of itself. Versions and flags are known when the tree is configured; the
# commit is asked for at every build and written only when it changed, so that a commit costs one
# small file and the links, not a configuration.
function(tessera_add_build_info layer)
  get_target_property(type tessera_${layer} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    return()
  endif()
  string(TOUPPER "${CMAKE_BUILD_TYPE}" config)
  get_target_property(options tessera_options INTERFACE_COMPILE_OPTIONS)
  list(FILTER options EXCLUDE REGEX "^-W|:-W|^-Wpedantic|>$")
  list(JOIN options " " options)
  string(STRIP "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${config}} ${options}" TESSERA_FLAGS)
  string(REPLACE "\"" "\\\"" TESSERA_FLAGS "${TESSERA_FLAGS}")
  list(JOIN Kokkos_DEVICES "," TESSERA_KOKKOS_DEVICES)
  set(folder "${PROJECT_BINARY_DIR}/generated")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/build_configuration.hpp.in"
                 "${folder}/build_configuration.hpp" @ONLY)
  find_package(Git QUIET)
  add_custom_target(
    tessera_git_commit
    COMMAND ${CMAKE_COMMAND} -D "SOURCE=${PROJECT_SOURCE_DIR}" -D "GIT=${GIT_EXECUTABLE}" -D
            "OUTPUT=${folder}/git_commit.hpp" -P "${PROJECT_SOURCE_DIR}/cmake/git_commit.cmake"
    BYPRODUCTS "${folder}/git_commit.hpp"
    COMMENT "Asking git for the commit")
  add_dependencies(tessera_${layer} tessera_git_commit)
  target_include_directories(tessera_${layer} PRIVATE "${folder}")
endfunction()
