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
add_max_test(no-such-option STATUS 64 ARGS --fast
  STDERR "^scoped-demo max: unrecognized option '--fast'\n")
add_run_test(scoped-demo.verb.max.environment STATUS 1
  STDERR "^scoped-demo max: search 4 numbers, how: join: Invalid argument\n$"
  COMMAND ${CMAKE_COMMAND} -E env SCOPED_DEMO_THREADS=many $<TARGET_FILE:scoped-demo>)

add_verb_test(scoped-demo help STATUS 0 ARGS --help STDOUT "max.*bench")
add_verb_test(scoped-demo max.help STATUS 0 ARGS max --help
  STDOUT "^Usage: scoped-demo max .*--stats.*--threads=N.*--how=WAY")
add_verb_test(scoped-demo bench.csv STATUS 0 ARGS bench --csv
  STDOUT "^name,median ns,least,most,ratio\n" "\npieces: join," "\nsingles: scope,[0-9.,]+\n$")
add_verb_test(scoped-demo bench.argument STATUS 64 ARGS bench 1
  STDERR "^scoped-demo bench: unexpected argument '1'\n")

# Faults on cue, and a look at who sleeps: see the head of each test.
function(wrap module)
  foreach(name IN LISTS ARGN)
    target_link_options(scoped-demo.${module} PRIVATE LINKER:--wrap=${name})
  endforeach()
endfunction()
wrap(pool pthread_create pthread_join aligned_alloc syscall sched_yield)
wrap(scope malloc)
wrap(thread_scope pthread_create pthread_join calloc)
wrap(sort mmap)
