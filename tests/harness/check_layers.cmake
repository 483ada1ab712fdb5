# The build must refuse an include of a higher layer, and methods must not know each other.
set(program "#include \"tessera/parallel/runtime.hpp\"\nint main() {}\n")
list(TRANSFORM INCLUDES PREPEND "-I")
set(file "${CMAKE_CURRENT_BINARY_DIR}/forbidden_include.cpp")
file(WRITE "${file}" "${program}")
execute_process(
  COMMAND "${COMPILER}" -std=c++20 -fsyntax-only ${INCLUDES} "${file}"
  RESULT_VARIABLE status ERROR_VARIABLE text)
file(REMOVE "${file}")
if(status EQUAL 0 OR NOT text MATCHES "tessera/parallel/runtime.hpp")
  message(FATAL_ERROR "layer base can include a header of layer parallel:\n${text}")
endif()

file(GLOB folders RELATIVE "${SOURCE}/src/method" "${SOURCE}/src/method/*")
foreach(method IN LISTS folders)
  if(NOT IS_DIRECTORY "${SOURCE}/src/method/${method}")
    continue()
  endif()
  file(GLOB_RECURSE files "${SOURCE}/src/method/${method}/*pp"
       "${SOURCE}/include/tessera/method/${method}/*.hpp")
  foreach(file IN LISTS files)
    file(STRINGS "${file}" lines REGEX "#include \"tessera/method/.*/")
    foreach(line IN LISTS lines)
      if(NOT line MATCHES "tessera/method/${method}/")
        message(SEND_ERROR "${file}: a method may not know another one: ${line}")
      endif()
    endforeach()
  endforeach()
endforeach()
