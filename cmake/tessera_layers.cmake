# One static library per layer, and the rule of what a layer may see.
#
# include/tessera/ holds the headers of all layers side by side, so this folder cannot be on any
# include path: everything would see everything. Each layer gets a path of its own in the build tree,
# <build>/include/<layer>/tessera/<layer> -> include/tessera/<layer>, and passes on only that one.

set(TESSERA_LAYERS "" CACHE INTERNAL "")

# tessera_add_layer(<name> [USES <layer>...] [LINK <target>...])
function(tessera_add_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES;LINK")
  set(target tessera_${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")

  set(root "${PROJECT_BINARY_DIR}/include/${name}")
  file(MAKE_DIRECTORY "${root}/tessera")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/include/tessera/${name}" "${root}/tessera/${name}" SYMBOLIC)

  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PRIVATE tessera_options)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src/${name}")
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} "${root}")
  foreach(lower IN LISTS arg_USES)
    if(NOT TARGET tessera_${lower})
      message(FATAL_ERROR "layer ${name} uses ${lower}, which is not below it")
    endif()
    target_link_libraries(${target} ${scope} tessera_${lower})
  endforeach()
  target_link_libraries(${target} ${scope} ${arg_LINK})
  set(layers ${TESSERA_LAYERS} ${name})
  set(TESSERA_LAYERS "${layers}" CACHE INTERNAL "")
endfunction()

# The program: src/<layer>/main.cpp and that layer, at the top of the build folder.
function(tessera_add_program name layer)
  if(NOT EXISTS "${PROJECT_SOURCE_DIR}/src/${layer}/main.cpp")
    message(STATUS "src/${layer}/main.cpp is not there: no program")
    return()
  endif()
  add_executable(${name} "${PROJECT_SOURCE_DIR}/src/${layer}/main.cpp")
  target_link_libraries(${name} PRIVATE tessera_options tessera_${layer})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
endfunction()
