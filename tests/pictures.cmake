# Redraws the pictures of the READMEs, each by the program whose README shows it.
#
#   cmake -DBUILD=build -DINTO=. -P tests/pictures.cmake    INTO: one folder per directory lies there

function(draw directory)
  file(MAKE_DIRECTORY ${INTO}/${directory})
  execute_process(COMMAND ${BUILD}/${directory}/${directory} ${ARGN}
    WORKING_DIRECTORY ${INTO}/${directory} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " line)
    message(FATAL_ERROR "${directory} ${line} failed (${status}).")
  endif()
endfunction()

get_filename_component(BUILD "${BUILD}" ABSOLUTE)
get_filename_component(INTO "${INTO}" ABSOLUTE)
draw(scoped-demo fib 35 --threads 4 --svg steals.svg)
draw(threadpool-julia draw -o julia.png --width 960 --height 540 --threads 2 --schedule static
  --timeline timeline.svg)
draw(threadpool-julia compare -o compare.png)
draw(epoll-basic scaling --svg scaling.svg)
