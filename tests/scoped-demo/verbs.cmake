# scoped-demo, as its user sees it.
function(add_max_test name)
  add_verb_test(scoped-demo max.${name} ${ARGN})
endfunction()

set(usual "the maximum of 4 numbers is 25, by join as by a plain loop\n$")
add_verb_test(scoped-demo default STATUS 0 STDOUT ${usual}
  "worker-[0-9]+ +looks at 1\n" "worker-[0-9]+ +looks at 25\n" "worker-[0-9]+ +looks at -4\n"
  "worker-[0-9]+ +looks at 10\n")
foreach(how join scope threads serial)
  add_max_test(${how} STATUS 0 ARGS max --how ${how}
    STDOUT "looks at -4\n" "the maximum of 4 numbers is 25, by ${how} as by a plain loop\n$")
  add_max_test(${how}.many STATUS 0 ARGS --how=${how} --count 1000000 --seed 7
    STDOUT "^the maximum of 1000000 numbers is 2147464752, by ${how} as by a plain loop\n$")
  add_max_test(${how}.none STATUS 1 ARGS --how ${how} --count 0
    STDERR "^scoped-demo max: an empty input has no maximum\n$")
endforeach()

# Negative numbers are numbers, wherever they stand.
add_max_test(numbers STATUS 0 ARGS 1 25 -4 10 STDOUT ${usual})
add_max_test(negative-first STATUS 0 ARGS -4 -7 --how serial -2147483648
  STDOUT "main +looks at -2147483648\n" "the maximum of 3 numbers is -4, by serial")
add_max_test(after-dashes STATUS 0 ARGS max -wserial -- -4 -7
  STDOUT "the maximum of 2 numbers is -4, by serial")
add_max_test(count.one STATUS 0 ARGS -c 1
  STDOUT "the maximum of 1 numbers is -?[0-9]+, by join")

add_max_test(no-number STATUS 64 ARGS 12x
  STDERR "^scoped-demo max: number: '12x' is not a number from -2147483648 to 2147483647\n")
add_max_test(no-negative-number STATUS 64 ARGS 1 -12x
  STDERR "^scoped-demo max: number: '-12x' is not a number from -2147483648 to 2147483647\n")
add_max_test(too-low STATUS 64 ARGS -2147483649
  STDERR "^scoped-demo max: number: '-2147483649' is not a number from -2147483648 to ")
add_max_test(too-high STATUS 64 ARGS 99999999999999999999
  STDERR "^scoped-demo max: number: '99999999999999999999' is not a number from ")
add_max_test(empty-word STATUS 64 ARGS max " "
  STDERR "^scoped-demo max: number: '' is not a number from ")
add_max_test(negative-count STATUS 64 ARGS --count -3
  STDERR "^scoped-demo max: count: '-3' is not a number from 0 to 100000000\n")
add_max_test(no-way STATUS 64 ARGS --how -4
  STDERR "^scoped-demo max: how: no such way as '-4'\n")
add_max_test(both STATUS 64 ARGS --count 3 1 2
  STDERR "^scoped-demo max: either numbers, or --count to have some made\n")
add_max_test(no-such-option STATUS 64 ARGS --fast
  STDERR "^scoped-demo max: unrecognized option '--fast'\n")

add_verb_test(scoped-demo help STATUS 0 ARGS --help STDOUT "max.*bench")
add_verb_test(scoped-demo max.help STATUS 0 ARGS max --help
  STDOUT "^Usage: scoped-demo max .*--count=N.*--seed=S.*--how=WAY")
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
wrap(pool pthread_create pthread_join aligned_alloc)
wrap(worker pthread_cond_wait sched_yield)
wrap(scope malloc)
wrap(thread_scope pthread_create pthread_join calloc)
