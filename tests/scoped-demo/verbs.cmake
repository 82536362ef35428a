# scoped-demo, as its user sees it.
function(add_max_test name)
  add_verb_test(scoped-demo max.${name} ${ARGN})
endfunction()

set(usual "the maximum of 4 numbers is 25, by join as by a plain loop\n$")
add_verb_test(scoped-demo default STATUS 0 STDOUT ${usual}
  "worker-[0-9]+ +looks at 1\n" "worker-[0-9]+ +looks at 25\n" "worker-[0-9]+ +looks at -4\n"
  "worker-[0-9]+ +looks at 10\n")
foreach(how join scope threads openmp serial)
  add_max_test(${how} STATUS 0 ARGS max --how ${how}
    STDOUT "looks at -4\n" "the maximum of 4 numbers is 25, by ${how} as by a plain loop\n$")
  add_run_test(scoped-demo.verb.max.${how}.many STATUS 0
    STDOUT "^the maximum of 100001 numbers is 100000, by ${how} as by a plain loop\n$"
    COMMAND sh -c "seq 0 100000 | \"$0\" --how=${how} -" $<TARGET_FILE:scoped-demo>)
  add_max_test(${how}.none STATUS 1 ARGS --how ${how} /dev/null
    STDERR "^scoped-demo max: an empty input has no maximum\n$")
endforeach()

# The scope allocates, the join does not: two tasks for each of three cuts.
add_max_test(stats.join STATUS 0 ARGS --stats --threads 3
  STDOUT "3 workers, [0-9]+ tasks stolen, 0 tasks on the heap\n")
add_max_test(stats.scope STATUS 0 ARGS max --stats --how scope
  STDOUT "[0-9]+ workers, [0-9]+ tasks stolen, 6 tasks on the heap\n")

# Negative numbers are numbers, wherever they stand; what is none names a file.
add_max_test(numbers STATUS 0 ARGS 1 25 -4 10 STDOUT ${usual})
add_max_test(negative-first STATUS 0 ARGS -4 -7 --how serial -2147483648
  STDOUT "main +looks at -2147483648\n" "the maximum of 3 numbers is -4, by serial")
add_max_test(after-dashes STATUS 0 ARGS max -wserial -- -4 -7
  STDOUT "the maximum of 2 numbers is -4, by serial")
add_run_test(scoped-demo.verb.max.files STATUS 0
  STDOUT "the maximum of 4 numbers is 9, by serial"
  COMMAND sh -c "echo 7 9 | \"$0\" -w serial -8 - 3" $<TARGET_FILE:scoped-demo>)
add_max_test(no-file STATUS 1 ARGS /nowhere/numbers
  STDERR "^scoped-demo max: open '/nowhere/numbers': No such file or directory\n$")
add_max_test(directory STATUS 1 ARGS /
  STDERR "^scoped-demo max: read '/': Is a directory\n$")
add_run_test(scoped-demo.verb.max.no-number-in-file STATUS 1
  STDERR "^scoped-demo max: -: '1.5' is not a number from -2147483648 to 2147483647\n$"
  COMMAND sh -c "echo 1 1.5 | \"$0\" -" $<TARGET_FILE:scoped-demo>)

add_run_test(scoped-demo.verb.max.long-word-in-file STATUS 1
  STDERR "^scoped-demo max: -: '0+' is not a number from -2147483648 to 2147483647\n$"
  COMMAND sh -c "printf '%040d' 5 | \"$0\" -" $<TARGET_FILE:scoped-demo>)
add_run_test(scoped-demo.verb.max.nul-in-file STATUS 1
  STDERR "^scoped-demo max: -: '1' is not a number from -2147483648 to 2147483647\n$"
  COMMAND sh -c "printf '1\\0002 3' | \"$0\" -" $<TARGET_FILE:scoped-demo>)
add_max_test(no-number STATUS 64 ARGS 12x
  STDERR "^scoped-demo max: number: '12x' is not a number from -2147483648 to 2147483647\n")
add_max_test(no-negative-number STATUS 64 ARGS 1 -12x
  STDERR "^scoped-demo max: number: '-12x' is not a number from -2147483648 to 2147483647\n")
add_max_test(too-low STATUS 64 ARGS -2147483649
  STDERR "^scoped-demo max: number: '-2147483649' is not a number from -2147483648 to ")
add_max_test(too-high STATUS 64 ARGS 99999999999999999999
  STDERR "^scoped-demo max: number: '99999999999999999999' is not a number from ")
add_max_test(no-way STATUS 64 ARGS --how fast
  STDERR "^scoped-demo max: how: no such way as 'fast'\n")
add_max_test(no-threads STATUS 64 ARGS --threads 0
  STDERR "^scoped-demo max: threads: '0' is not a number from 1 to 1024\n")
add_max_test(negative-threads STATUS 64 ARGS --threads -5
  STDERR "^scoped-demo max: threads: '-5' is not a number from 1 to 1024\n")
add_max_test(missing-threads STATUS 64 ARGS max --threads
  STDERR "^scoped-demo max: option '--threads' requires an argument\n")
add_max_test(dash-file STATUS 1 ARGS max 3 -- --nowhere
  STDERR "^scoped-demo max: open '--nowhere': No such file or directory\n$")
add_max_test(no-such-option STATUS 64 ARGS --fast
  STDERR "^scoped-demo max: unrecognized option '--fast'\n")
add_run_test(scoped-demo.verb.max.environment STATUS 1
  STDERR "^scoped-demo max: search 4 numbers, how: join: Invalid argument\n$"
  COMMAND ${CMAKE_COMMAND} -E env SCOPED_DEMO_THREADS=many $<TARGET_FILE:scoped-demo>)

add_verb_test(scoped-demo help STATUS 0 ARGS --help
  STDOUT "max.*fib.*scope.*loops.*search.*sort.*fail.*blocked.*bench")
add_verb_test(scoped-demo max.help STATUS 0 ARGS max --help
  STDOUT "^Usage: scoped-demo max .*--stats.*--threads=N.*--how=WAY")

# fib: the answer, who ran what, the picture.
add_verb_test(scoped-demo fib STATUS 0 ARGS fib
  STDOUT "^fib\\(30\\) = 832040, by 1346268 joins on [0-9]+ workers as by plain calls\n"
  "for a join: [0-9.]+ ns; without, by plain calls: [0-9.]+ ns\n$")
foreach(threads 1 2 9 64)
  add_verb_test(scoped-demo fib.${threads} STATUS 0 ARGS fib 20 --threads ${threads}
    STDOUT "^fib\\(20\\) = 6765, by 10945 joins on ${threads} workers as by plain calls\n$")
endforeach()
add_verb_test(scoped-demo fib.0 STATUS 0 ARGS fib 0 STDOUT "^fib\\(0\\) = 0, by 0 joins")
add_verb_test(scoped-demo fib.trace STATUS 0 ARGS fib 22 --trace --threads 3
  STDOUT "^worker +calls run +stolen\n0 +[0-9]+ +[0-9]+\n1 +[0-9]+ +[0-9]+\n2 +[0-9]+ +[0-9]+\n"
  "fib\\(22\\) = 17711, by 28656 joins on 3 workers as by plain calls\n$")
add_verb_test(scoped-demo fib.svg STATUS 0 ARGS fib 22 --threads 3 --svg /dev/stdout
  STDOUT "^<svg xmlns=.*worker 0.*worker 2.*<rect .*fib\\(22\\) in .*</svg>\n")
add_verb_test(scoped-demo fib.no-place STATUS 1 ARGS fib 5 --svg /nowhere/picture.svg
  STDERR "^scoped-demo fib: open '/nowhere/picture.svg': No such file or directory\n$")
add_verb_test(scoped-demo fib.full-disk STATUS 1 ARGS fib 5 --svg /dev/full
  STDERR "^scoped-demo fib: write '/dev/full': No space left on device\n$")
add_verb_test(scoped-demo fib.too-much STATUS 64 ARGS fib 43
  STDERR "^scoped-demo fib: N: '43' is not a number from 0 to 42\n")
add_verb_test(scoped-demo fib.twice STATUS 64 ARGS fib 4 5
  STDERR "^scoped-demo fib: unexpected argument '5'\n")

# scope: the documentation's example, both ways.
foreach(order "" --fifo)
  add_verb_test(scoped-demo scope${order} STATUS 0 ARGS scope ${order}
    STDOUT "s.1.1 begins\n" "t.2 ends\n" "scope s ends\nscope s +worker-[0-9]+ +\\[=+\\]\n"
    "\nall tasks of t ended before s.1.1 did, and all of s before the scope\n$")
endforeach()
add_verb_test(scoped-demo scope.argument STATUS 64 ARGS scope 1
  STDERR "^scoped-demo scope: unexpected argument '1'\n")

add_verb_test(scoped-demo loops STATUS 0 ARGS loops
  STDOUT "worker-[0-9]+ +0 becomes -1\n" "worker-[0-9]+ +11 becomes 10\n"
  "\n0 7 9 11, each less by one: -1 6 8 10\nthe mean age over thirty: 36.5 in one reduction, 36.5 in two\n$")
add_verb_test(scoped-demo search STATUS 0 ARGS search
  STDOUT "^6 2 1 9 3 8 11: any odd. yes. all odd. no. all above 0. yes\n"
  "\nthe first above 8: 9\none above 8, maybe not the first: (9|11)\n$")
add_verb_test(scoped-demo search.best STATUS 0 ARGS search --best
  STDOUT "^the shortest tour of 11 cities: 187, in 9864090 steps\nwith the best shared: 187, and most")
add_verb_test(scoped-demo fail STATUS 0 ARGS fail
  STDOUT "^join: A failed, B ran all the same and failed too. A's error: EIO\n"
  "scope: the third of ten failed, 10 ended, then it returned: EIO\n"
  "threads: the producer gave ECANCELED, the consumer 0, after 2 bytes\n$")
add_verb_test(scoped-demo blocked STATUS 0 ARGS blocked
  STDOUT "^one worker: A waited 300 ms, then gave up: B waited for the worker that ran A\n"
  "\ntwo workers: [a-zA-Z, ]+\n$")

# sort: as sort(1) does in the C locale.
add_verb_test(scoped-demo sort STATUS 0 ARGS sort
  STDOUT "^200000 random strings sorted, as by qsort: [0-9.]+ ms, qsort [0-9.]+ ms\n$")
add_verb_test(scoped-demo sort.trace STATUS 0 ARGS sort --trace
  STDOUT "partitions 5 1 8 22 0 44\n" "has sorted 0 1 5 8 22 44\n" "5 1 8 22 0 44 are sorted\n$")
add_run_test(scoped-demo.verb.sort.as-sort STATUS 0 STDOUT "^same\n$"
  COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/sort.bash $<TARGET_FILE:scoped-demo>)
add_run_test(scoped-demo.verb.sort.no-number STATUS 1
  STDERR "^scoped-demo sort: line 2: 'two' is not a whole number\n$"
  COMMAND sh -c "printf '1\ntwo\n' | \"$0\" sort -n -" $<TARGET_FILE:scoped-demo>)
foreach(word "+7" "\\r7" "")
  string(LENGTH "${word}" length)
  add_run_test(scoped-demo.verb.sort.no-number-to-sort.${length} STATUS 1
    STDERR "^scoped-demo sort: line 1: '[^0-9]?7?' is not a whole number\n$"
    COMMAND sh -c "printf '${word}\\n3\\n' | \"$0\" sort -n -" $<TARGET_FILE:scoped-demo>)
endforeach()
add_verb_test(scoped-demo sort.no-file STATUS 1 ARGS sort /nowhere/lines
  STDERR "^scoped-demo sort: open '/nowhere/lines': No such file or directory\n$")
add_verb_test(scoped-demo sort.directory STATUS 1 ARGS sort /
  STDERR "^scoped-demo sort: read '/': Is a directory\n$")
add_verb_test(scoped-demo sort.both STATUS 64 ARGS sort --trace -
  STDERR "^scoped-demo sort: either a file, or --trace\n")
add_run_test(scoped-demo.verb.sort.full-disk STATUS 1
  STDERR "^scoped-demo sort: write to standard output: No space left on device\n$"
  COMMAND sh -c "seq 100 | \"$0\" sort - >/dev/full" $<TARGET_FILE:scoped-demo>)
add_run_test(scoped-demo.verb.sort.closed-pipe STATUS 0 STDOUT "^1\n$"
  COMMAND sh -c "seq 300000 | \"$0\" sort - | head -1" $<TARGET_FILE:scoped-demo>)

add_verb_test(scoped-demo bench.csv STATUS 0 ARGS bench --csv
  STDOUT "^name,median ns,least,most,ratio\n" "\n\"fib: join. one worker\"," "\n\"max: OpenMP parallel for\",[0-9.,]+\n$")
add_verb_test(scoped-demo bench.argument STATUS 64 ARGS bench 1
  STDERR "^scoped-demo bench: unexpected argument '1'\n")

# Faults on cue, and a look at who sleeps: see the head of each test.
function(wrap module)
  foreach(name IN LISTS ARGN)
    target_link_options(scoped-demo.${module} PRIVATE LINKER:--wrap=${name})
  endforeach()
endfunction()
wrap(worker syscall sched_yield)
wrap(pool pthread_create pthread_join malloc aligned_alloc)
wrap(scope malloc)
wrap(thread_scope pthread_create pthread_join calloc)
wrap(sort mmap)
wrap(lines calloc realloc)

# Ten times as long where nobody watches each step. A whole night:
# SCOPED_DEMO_TIMES=1000 build/scoped-demo.join, or .deque, .scope, .worker.
if(NOT CMAKE_CROSSCOMPILING_EMULATOR AND NOT CMAKE_C_FLAGS MATCHES "sanitize=thread")
  set_tests_properties(scoped-demo.deque scoped-demo.join scoped-demo.scope PROPERTIES
    ENVIRONMENT SCOPED_DEMO_TIMES=10)
endif()
# OpenMP's threads, else, go on spinning for a moment after each loop.
set_tests_properties(scoped-demo.maximum PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=passive)
