# Writes OUTPUT with the commit of SOURCE; run at build time, touches OUTPUT only on a change.
cmake_minimum_required(VERSION 3.25)
set(commit "unknown")
set(dirty "false")
if(GIT)
  # The tree may belong to another user than the one who builds (containers); only reading is done.
  set(git "${GIT}" -c "safe.directory=*" -C "${SOURCE}")
  execute_process(
    COMMAND ${git} rev-parse --short=12 HEAD
    OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
  if(status EQUAL 0)
    set(commit "${answer}")
    execute_process(COMMAND ${git} diff-index --quiet HEAD -- ERROR_QUIET RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
      set(dirty "true")
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT
"// Written at build time.
#pragma once

#define TESSERA_GIT_COMMIT \"@commit@\"
#define TESSERA_GIT_DIRTY @dirty@
")
