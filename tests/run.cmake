# Runs one command and compares all of what it shows: the exit status, stdout
# and stderr.
#
#   cmake -DSTATUS=0 -DSTDOUT=REGEX -DSTDERR=REGEX -P run.cmake -- COMMAND...
#
# A stream for which no regex is given must be empty. STDOUT may be a list of
# regexes (with ; between them): each must match somewhere.

set(command "")
set(seen_dashes FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(seen_dashes)
    list(APPEND command "${CMAKE_ARGV${i}}")
  elseif(CMAKE_ARGV${i} STREQUAL "--")
    set(seen_dashes TRUE)
  endif()
endforeach()

execute_process(COMMAND ${command}
  RESULT_VARIABLE status OUTPUT_VARIABLE stdout ERROR_VARIABLE stderr)

set(wrong "")
if(NOT status STREQUAL STATUS)
  string(APPEND wrong "exit status: expected ${STATUS}, got ${status}\n")
endif()
foreach(stream STDOUT STDERR)
  string(TOLOWER ${stream} name)
  if(NOT ${stream} AND NOT ${name} STREQUAL "")
    string(APPEND wrong "${name}: expected nothing\n")
  endif()
  foreach(regex IN LISTS ${stream})
    if(NOT ${name} MATCHES "${regex}")
      string(APPEND wrong "${name}: does not match ${regex}\n")
    endif()
  endforeach()
endforeach()
if(wrong)
  list(JOIN command " " line)
  message(FATAL_ERROR "$ ${line}\n${stdout}${stderr}\n${wrong}")
endif()
