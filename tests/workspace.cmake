# What holds for each directory as a part of the workspace.
set(top ${CMAKE_CURRENT_SOURCE_DIR}/..)

foreach(directory IN LISTS DIRECTORIES)
  # The two copied headers are the same everywhere.
  foreach(header util.h demo.h)
    add_test(NAME ${directory}.same-${header} COMMAND ${CMAKE_COMMAND} -E compare_files
      ${top}/threads-demo/${header} ${top}/${directory}/${header})
  endforeach()

  # The README shows what happens.
  add_test(NAME ${directory}.readme COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/readme.bash
    ${top}/${directory}/README.md ${CMAKE_BINARY_DIR})

  # --help and READING.md name the same verbs.
  add_test(NAME ${directory}.reading COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/reading.bash
    $<TARGET_FILE:${directory}> ${top}/${directory}/READING.md)

  # It can be copied out of the tree and built.
  add_test(NAME ${directory}.alone COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test ${top}/${directory} ${CMAKE_CURRENT_BINARY_DIR}/alone/${directory}
    --build-generator ${CMAKE_GENERATOR} --build-options -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER})

  # Output that cannot be written is an error, and said to be one.
  add_run_test(${directory}.full-disk STATUS 1 STDERR "^${directory}: write to standard output: "
    COMMAND sh -c "\"$0\" --help >/dev/full" $<TARGET_FILE:${directory}>)

  set_tests_properties(${directory}.same-util.h ${directory}.same-demo.h ${directory}.readme
    ${directory}.reading ${directory}.alone PROPERTIES TIMEOUT 300)
endforeach()

# tests/ builds alone too.
add_test(NAME tests.alone COMMAND ${CMAKE_CTEST_COMMAND}
  --build-and-test ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/alone/tests
  --build-generator ${CMAKE_GENERATOR}
  --build-options -DDIRECTORIES=threads-demo -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER})
set_tests_properties(tests.alone PROPERTIES TIMEOUT 300)

# A missing library is named by its Debian package when the build is configured.
function(add_missing_test directory package)
  if(NOT directory IN_LIST DIRECTORIES AND NOT directory STREQUAL tests)
    return()
  endif()
  add_run_test(${directory}.missing STATUS 1 STDOUT ".*" STDERR "apt-get install ${package}"
    COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_LIBDIR=/none ${CMAKE_COMMAND} --fresh
      -S ${top}/${directory} -B ${CMAKE_CURRENT_BINARY_DIR}/missing/${directory} ${ARGN})
endfunction()
add_missing_test(threads-demo libssl-dev -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON)
add_missing_test(threadpool-julia libpng-dev -DCMAKE_DISABLE_FIND_PACKAGE_PNG=ON)
add_missing_test(eventloop-basic libuv1-dev)
add_missing_test(tcp-http libmicrohttpd-dev)
add_missing_test(tests libcmocka-dev)

# The page of all benches has every row.
add_test(NAME tests.bench-page
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/bench_page.bash ${CMAKE_CURRENT_SOURCE_DIR})

# The rest needs all seven.
list(LENGTH DIRECTORIES count)
if(count LESS 7)
  return()
endif()

# The tour: all seven defaults, one after the other.
add_custom_target(tour
  COMMAND ${CMAKE_COMMAND} -DBUILD=${CMAKE_BINARY_DIR} -P ${CMAKE_CURRENT_SOURCE_DIR}/tour.cmake
  DEPENDS ${DIRECTORIES} USES_TERMINAL VERBATIM
  COMMENT "")

# Every picture that a README shows, drawn again in its place.
add_custom_target(pictures
  COMMAND ${CMAKE_COMMAND} -DBUILD=${CMAKE_BINARY_DIR} -DINTO=${top}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/pictures.cmake
  DEPENDS ${DIRECTORIES} USES_TERMINAL VERBATIM
  COMMENT "")
add_test(NAME tests.pictures
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/pictures.bash ${top} ${CMAKE_BINARY_DIR})
set_tests_properties(tests.pictures PROPERTIES TIMEOUT 300)

# Every bench, on one page: bench.md and bench.csv in the folder of the build.
add_custom_target(bench
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/bench.bash ${CMAKE_BINARY_DIR} ${CMAKE_C_COMPILER}
    ${DIRECTORIES}
  DEPENDS ${DIRECTORIES} USES_TERMINAL VERBATIM
  COMMENT "")

# The front page's links and verbs.
add_test(NAME tests.front
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/front.bash ${top} ${CMAKE_BINARY_DIR})

# The programs, where their user wants them.
add_test(NAME tests.install
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/install.bash ${CMAKE_BINARY_DIR} ${DIRECTORIES})

# And for long, by hand.
include(soak.cmake)
