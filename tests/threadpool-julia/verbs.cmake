# threadpool-julia, as its user sees it. Pictures are drawn in a folder of the build.
set(pictures ${CMAKE_CURRENT_BINARY_DIR}/pictures)
file(MAKE_DIRECTORY ${pictures})
set(small --width 64 --height 36 --iterations 50)
set(small_line "64 x 36 pixels, [0-9]+ steps\ndrawn and written in [0-9.]+ ms\n")

add_verb_test(threadpool-julia default STATUS 0
  STDOUT "^output.png: 1920 x 1080 pixels, 78854648 steps\n")
add_verb_test(threadpool-julia draw STATUS 0 ARGS draw ${small} --threads 3
  --cx 0.285 --cy -0.01 --output draw.png
  STDOUT "^draw.png: ${small_line}$")
add_verb_test(threadpool-julia options-alone STATUS 0 ARGS --width 2 --height=3 --cx=1e-3 -o alone.png
  STDOUT "^alone.png: 2 x 3 pixels, ")
add_verb_test(threadpool-julia bench STATUS 0 ARGS bench --csv
  STDOUT "^name,.*\n\"count, scalar, 1 thread\".*\n\"draw")

foreach(kind static dynamic,1 guided,2)
  add_verb_test(threadpool-julia draw.${kind} STATUS 0 ARGS draw ${small} --schedule ${kind} -o ${kind}.png
    STDOUT "^${kind}.png: ${small_line}$")
endforeach()
add_verb_test(threadpool-julia draw.channel STATUS 0 ARGS draw ${small} --how channel -o channel.png
  STDOUT "^channel.png: ${small_line}$")
add_verb_test(threadpool-julia draw.who STATUS 0 ARGS draw ${small} --threads 2 -o drawn.png
  --who who.png --timeline who.svg --stats
  STDOUT "^drawn.png: ${small_line} +rows % +steps % +busy ms +busy %\nthread 0 "
  "\nimbalance: the busiest thread had [0-9.]+x an equal share\n$")
add_verb_test(threadpool-julia draw.who-nowhere STATUS 1 ARGS draw ${small} -o drawn2.png --who missing/who.png
  STDOUT "^drawn2.png: ${small_line}$"
  STDERR "^threadpool-julia draw: write who drew it to 'missing/who.png': No such file or directory\n$")

# Each worker is the same in the second region: all that was counted is found there.
add_verb_test(threadpool-julia pool STATUS 0 ARGS pool --threads 3
  STDOUT "letter 4, from worker [0-2]\n" " 5 letters are sent\n.* fib.20. = 6765\n"
  "\nworker 0: [0-5] letters, [0-9]+ calls of fib\nworker 1: .*\nworker 2: .*\nall: 5 letters, 21891 calls, each by one worker\n$")
add_verb_test(threadpool-julia pool.alone STATUS 0 ARGS pool --threads 1
  STDOUT "\nworker 0: 5 letters, 21891 calls of fib\nall: 5 letters, 21891 calls, each by one worker\n$")
add_verb_test(threadpool-julia pool.help STATUS 0 ARGS pool --help STDOUT "^Usage: threadpool-julia pool .*--threads=COUNT")
add_verb_test(threadpool-julia pool.refused STATUS 64 ARGS pool --threads 0
  STDERR "^threadpool-julia pool: --threads: '0' is not a number from 1 to 1024\n")

# A folder of sound and broken files, and what becomes of it.
function(add_thumbs_test case)
  add_run_test(threadpool-julia.thumbs.${case} ${ARGN}
    COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/threadpool-julia/thumbs.bash
      $<TARGET_FILE:threadpool-julia> ${case})
endfunction()
add_thumbs_test(sound STATUS 0
  STDOUT "^large.png: 300 x 169, was 640 x 360\nsmall.PNG: 64 x 36, was 64 x 36\nin/thumbs: 2 of 2 files shrunk\nlarge.png\nsmall.PNG\n$")
set(shrink "threadpool-julia thumbs: shrink ")
add_thumbs_test(broken STATUS 1
  STDOUT "^large.png: 100 x 56, was 640 x 360\nsmall.PNG: 64 x 36, was 64 x 36\nout: 2 of 9 files shrunk\nlarge.png\nsmall.PNG\n$"
  STDERR "^${shrink}'crc.png': [^\n]+\n${shrink}'cut.png': the file ends too early\n${shrink}'folder.png': Is a directory\n${shrink}'gone.png': No such file or directory\n${shrink}'huge.png': [^\n]+\n${shrink}'pipe.png': Operation not supported\n${shrink}'text.png': Not a PNG file\n$")
add_thumbs_test(onto-themselves STATUS 1 STDERR "^threadpool-julia thumbs: 'in/.' has the pictures themselves\n$")
add_thumbs_test(full-disk STATUS 1 STDOUT "^small.PNG: 64 x 36, was 64 x 36\nin/thumbs: 1 of 2 files shrunk\n$"
  STDERR "^${shrink}'large.png': File too large\n$")
add_thumbs_test(empty STATUS 0 STDOUT "^none/thumbs: 0 of 0 files shrunk\n$")
add_verb_test(threadpool-julia thumbs.missing STATUS 1 ARGS thumbs no-such-folder
  STDERR "^threadpool-julia thumbs: read folder 'no-such-folder': No such file or directory\n$")
add_verb_test(threadpool-julia thumbs.nothing STATUS 64 ARGS thumbs STDERR "^threadpool-julia thumbs: which folder.\n")
add_verb_test(threadpool-julia thumbs.refused STATUS 64 ARGS thumbs . --side 0
  STDERR "^threadpool-julia thumbs: --side: '0' is not a number from 1 to 4096\n")
add_verb_test(threadpool-julia thumbs.help STATUS 0 ARGS thumbs --help STDOUT "^Usage: threadpool-julia thumbs .*--side=PIXELS")

# compare: all four take the same steps, and static deals the quarters out that the README tells of.
add_verb_test(threadpool-julia compare STATUS 0 ARGS compare -o compared.png --timeline compared.svg
  STDOUT "^schedule +time +imbalance +% of the steps, by thread\n" "\nstatic +[0-9.]+ ms +[0-9.]+x +7  45  43   5\n"
    "\nstatic,1 +[0-9.]+ ms +[0-9.]+x +24  25  26  25\n" "\ndynamic [^\n]+\nguided [^\n]+\ncompared.png: 8750332 steps under each\n$")
add_run_test(threadpool-julia.compare.files STATUS 0 STDOUT "^compare.png\ncompare.svg\n0 0 5 0 0 0 2 208\nstatic\nstatic,1\ndynamic\nguided\n$"
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/threadpool-julia/compare.bash $<TARGET_FILE:threadpool-julia>)
add_verb_test(threadpool-julia compare.full STATUS 1 ARGS compare -o /dev/full
  STDOUT "^schedule " STDERR "^threadpool-julia compare: write the picture to '/dev/full': No space left on device\n$")
add_verb_test(threadpool-julia compare.timeline-full STATUS 1 ARGS compare -o compared-full.png --timeline /dev/full
  STDOUT "^schedule " STDERR "^threadpool-julia compare: write the timeline to '/dev/full': No space left on device\n$")
add_verb_test(threadpool-julia compare.no-thread STATUS 64 ARGS compare --threads 0
  STDERR "^threadpool-julia compare: --threads: '0' is not a number from 1 to 1024\n")

add_verb_test(threadpool-julia help STATUS 0 ARGS --help STDOUT "draw.*pool.*thumbs.*compare.*bench")
add_verb_test(threadpool-julia draw.help STATUS 0 ARGS draw --help
  STDOUT "^Usage: threadpool-julia draw .*--width.*--cx.*--output=FILE +the PNG file")
add_verb_test(threadpool-julia no-such-verb STATUS 64 ARGS drwa
  STDERR "^threadpool-julia draw: unexpected argument 'drwa'\n")
add_verb_test(threadpool-julia no-such-option STATUS 64 ARGS draw --depth 3
  STDERR "^threadpool-julia draw: unrecognized option '--depth'\n")

# Each number has limits, and a message that names them.
function(refused name message)
  add_verb_test(threadpool-julia refused.${name} STATUS 64 ARGS draw -o refused.png ${ARGN}
    STDERR "^threadpool-julia draw: ${message}[^\n]*\n")
endfunction()
refused(width-0 "--width: '0' is not a number from 1 to 65535" --width 0)
refused(width-12x "--width: '12x' is not a number from 1 to 65535" --width 12x)
refused(height-65536 "--height: '65536' is not a number from 1 to 65535" --height 65536)
refused(height-2pow64 "--height: '18446744073709551617' is not a number from 1 to 65535"
  --height 18446744073709551617)
refused(both-0 "--width: '0' is not a number from 1 to 65535" --width 0 --height 0)
refused(both-huge "65535 x 65535 is over the limit of 715827882 pixels"
  --width 65535 --height 65535)
refused(cx-nan "--cx: 'nan' is not a number from -1000 to 1000" --cx nan)
refused(cy-inf "--cy: '-inf' is not a number from -1000 to 1000" --cy -inf)
refused(cx-huge "--cx: '1e39' is not a number from -1000 to 1000" --cx 1e39)
refused(cy-word "--cy: '0.1i' is not a number from -1000 to 1000" --cy 0.1i)
refused(iterations-0 "--iterations: '0' is not a number from 1 to 1000000" --iterations 0)
refused(schedule "--schedule: " --schedule fair)
refused(how "--how: " --how columns)
refused(isa "--isa: " --isa mmx)
refused(level "--level: '10' is not a number from 0 to 9" --level 10)
refused(threads-0 "--threads: '0' is not a number from 1 to 1024" --threads 0)
refused(threads-1025 "--threads: '1025' is not a number from 1 to 1024" --threads 1025)

# Targets of many kinds, and what the folder holds afterwards.
function(add_target_test case)
  add_run_test(threadpool-julia.target.${case} ${ARGN}
    COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/threadpool-julia/targets.bash
      $<TARGET_FILE:threadpool-julia> ${case})
endfunction()
set(failed "^threadpool-julia draw: write the picture to ")
add_target_test(full-device STATUS 1 STDERR "${failed}'full': No space left on device\n$")
add_target_test(missing-folder STATUS 1 STDERR "${failed}'missing/a.png': No such file or directory\n$")
add_target_test(unwritable-folder STATUS 1 STDERR "${failed}'/proc/a.png': [A-Z][^\n]*\n$")
add_target_test(folder-as-target STATUS 1 STDERR "${failed}'..': Is a directory\n$")
add_target_test(no-room STATUS 1 STDOUT "^a.png\n$" STDERR "${failed}'a.png': File too large\n$")
add_target_test(pipe STATUS 0 STDOUT "^a.png\n$"
  STDERR "^/dev/stdout: 640 x 360 pixels, [0-9]+ steps\ndrawn and written in [^\n]*\n$")
add_target_test(redirected STATUS 0 STDOUT "^a.png\nb.png\n$"
  STDERR "^/dev/stdout: 640 x 360 pixels, [0-9]+ steps\ndrawn and written in [^\n]*\n$")
add_target_test(closing-pipe STATUS 141)
add_target_test(two-at-once STATUS 0 STDOUT "^a.png\n$")

# On a terminal, and only there, a line says how far it is, and is taken away.
find_program(SCRIPT script) # a terminal for a program that has none (bsdutils)
if(SCRIPT)
  add_run_test(threadpool-julia.verb.progress STATUS 0
    STDOUT "^\rdrawing: +[0-9]+ %.*\rdrawing: +[1-9][0-9]* %, [0-9.]+ megapixels/s, [0-9.]+ s left  \r.\\[Kterminal.png: 640 x 360"
    COMMAND ${SCRIPT} -qec "$<TARGET_FILE:threadpool-julia> --threads 1 --width 640 --height 360 -o terminal.png" /dev/null)
endif()

# ThreadSanitizer learns what OpenMP orders from Archer, a tool that clang's
# runtime loads if it is told where; gcc's runtime has none.
if(CMAKE_C_FLAGS MATCHES "-fsanitize=thread")
  string(REGEX MATCH "^[0-9]+" major "${CMAKE_C_COMPILER_VERSION}")
  find_library(ARCHER archer PATHS /usr/lib/llvm-${major}/lib)
  if(NOT ARCHER)
    message(FATAL_ERROR "OpenMP under ThreadSanitizer wants clang and its libarcher: "
      "sudo apt-get install clang libomp-dev")
  endif()
  add_run_test(threadpool-julia.archer STATUS 0
    STDOUT "^Archer detected OpenMP application with TSan" "archer.png: 64 x 36 pixels"
    COMMAND ${CMAKE_COMMAND} -E env ARCHER_OPTIONS=verbose=1
      $<TARGET_FILE:threadpool-julia> ${small} -o archer.png)
endif()

# For every test of this directory, also those that are added after this file. To
# valgrind a thread that libgomp keeps for the next loop looks "possibly lost".
function(settle_julia_tests)
  get_property(tests DIRECTORY PROPERTY TESTS)
  list(FILTER tests INCLUDE REGEX "^threadpool-julia[.]")
  set(environment VALGRIND_OPTS=--errors-for-leak-kinds=definite)
  if(ARCHER)
    list(APPEND environment OMP_TOOL_LIBRARIES=${ARCHER})
  endif()
  set_tests_properties(${tests} PROPERTIES
    WORKING_DIRECTORY ${pictures} ENVIRONMENT "${environment}")
  # These write to /dev/null itself: only once it is known that a device stays one.
  set_tests_properties(threadpool-julia.png_file PROPERTIES FIXTURES_SETUP devices-stay)
  set_tests_properties(threadpool-julia.verb.bench threadpool-julia.readme
    PROPERTIES FIXTURES_REQUIRED devices-stay)
endfunction()
cmake_language(DEFER CALL settle_julia_tests)

# The faults that test_png_file.c deals out.
target_link_options(threadpool-julia.png_file PRIVATE
  LINKER:--wrap=write LINKER:--wrap=close LINKER:--wrap=rename)

# A multiplication fused with an addition would be rounded once: another picture.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_run_test(threadpool-julia.nothing-is-fused STATUS 1
    COMMAND sh -c "objdump -d \"$0\" | grep -m1 -E 'vfn?m(add|sub)'" $<TARGET_FILE:threadpool-julia>)
endif()
