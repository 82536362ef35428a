# The tour: each program's default verb, in reading order, under a heading that
# says which Rust crate it mirrors and what to look at. Stops at the first failure.
#
#   cmake -DBUILD=build -P tests/tour.cmake

function(visit directory mirrors look)
  message("\n==== ${directory}: mirrors ${mirrors}\n     ${look}\n")
  set(command ${ARGN})
  if(NOT command)
    set(command ${BUILD}/${directory}/${directory})
  endif()
  # Errors come out on stdout too, in their place between the other lines.
  execute_process(COMMAND ${command} WORKING_DIRECTORY ${BUILD} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "The tour ends here: ${directory} failed (${status}).")
  endif()
endfunction()

get_filename_component(BUILD "${BUILD}" ABSOLUTE)
visit(threads-demo "thread-demo (std threads and channels)"
  "Two producers and main share one channel: who speaks when is the machine's choice, each sender's order is not.")
visit(scoped-demo "rayon-crossbeam-demo (rayon's join and scope, crossbeam's scoped threads)"
  "One array, split in halves down to single numbers; both halves are joined before their frame dies.")
visit(threadpool-julia "threadpool-demo (the Julia set on a thread pool)"
  "All cores draw rows of one picture; the number of steps is the same however the rows were shared out.")
visit(greenthreads "greenthreads (green threads in 200 lines)"
  "Two threads that no kernel knows of take turns, line by line; the longer one ends alone.")
visit(epoll-basic "testing-mio (a non-blocking connect)"
  "The connect returns at once; epoll says when it is done, and the socket says whether it worked.")
visit(eventloop-basic "tokio-basic (spawn_blocking)"
  "The blocking job is on another thread; the timer on the loop ticks on; the result comes back to the loop.")
visit(tcp-http "mio-http (a low-level HTTP server)"
  "A server on a port of its own choosing, one request, the answer, and a stop by SIGTERM."
  bash ${CMAKE_CURRENT_LIST_DIR}/with_server.bash ${BUILD}/tcp-http/tcp-http --port 0
    -- ${BUILD}/tcp-http/tcp-http get --include {})

message("\nAll seven ran. The picture is ${BUILD}/output.png")
