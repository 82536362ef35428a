# greenthreads, as its user sees it, by assembly and by ucontext.

# AddressSanitizer does not know that we tell it, and warns of the C library's switch;
# once in each process, so a verb with child processes warns for each of them.
set(warning "^(==[0-9]+==WARNING: ASan doesn't fully support makecontext/swapcontext [^\n]*\n)*$")

# Faults happen in child processes, where nobody catches SIGSEGV but the verb itself:
# they end the same way in all presets, and no sanitizer reports them.
set(overflow_told
  "^overflow_catch: 'glutton' touched 0x[0-9a-f]+, [0-9]+ bytes below its first\n"
  "\n    frame: in the guard of [0-9]+ below the stack of 65536\n"
  "\n    the hook has told 32 bytes. killed by SIGSEGV\n"
  "\na handler on the stack that overflowed\n    has told 0 bytes. killed by SIGSEGV\n"
  "\na guard stops an overflow. to report it takes another stack: yes\n$")
set(hog_starves "^after each round the hog [^\n]*\ncomputes on +1000 +0 +0 +0 +0\n")
set(hog_is_cured ": yes. with the cure each has its turn\nwhenever the hog yields: yes\n$")

# Entered 8 bytes lower: x86-64 refuses the spill, another processor need not, and the C
# library sees to it that there is nothing to refuse.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(misaligned "\nentered 8 bytes lower: [^\n]*: killed by SIGSEGV\n8 bytes off is deadly ")
else()
  set(misaligned "\n8 bytes off (is deadly|goes unpunished) ")
endif()

file(STRINGS /proc/sys/vm/max_map_count most_mappings)

foreach(program greenthreads greenthreads-ucontext)
  if(program STREQUAL "greenthreads-ucontext")
    set(stderr STDERR ${warning})
    set(misaligned "\nit holds addresses of its own stack, so it cannot be moved by 8 bytes.\n")
  else()
    set(stderr "")
  endif()
  set(in_turn "\n25 lines, 25 of them in turn; the last 5 by thread-2 alone\n$")
  add_verb_test(${program} default STATUS 0 ${stderr} STDOUT ${in_turn})
  add_verb_test(${program} run STATUS 0 ARGS run ${stderr} STDOUT ${in_turn}
    "thread-1 +counts 0\n[^\n]*thread-2 +counts 0\n[^\n]*thread-1 +counts 1\n"
    "thread-1 +counts 9\n[^\n]*thread-2 +counts 9\n[^\n]*thread-2 +counts 10\n"
    "  25 +thread-2 +counts 14\n")
  add_verb_test(${program} stack STATUS 0 ARGS stack ${stderr}
    STDOUT "^a stack of 65536 bytes grows down" " = hello\\(\\)\n"
    "\non that stack, hello\\(\\) says: hello\n"
    "\nword +fresh, as a number +suspended +which is\n"
    " is on its stack: 6 of 6 marks, [0-6] of them in registers that\n[^\n]* [1-9][0-9]* bytes below"
    "#\\| \\|########\\|  the top, [0-9]+ bytes in use\n"
    "0x[0-9a-f]+ +\\| +\\| \\|########\\|  was in use, and is free again\n"
    "0x[0-9a-f]+ +\\| +\\| \\| +\\|  the last page\n0x[0-9a-f]+ +\\|xxxxxxxx\\| \\|xxxxxxxx\\|  the guard, "
    "\nhello\\(\\) has gone on, and its marks are what they were. [^\n]*\nstood below it, so stacks grow down. "
    " 0x[0-9a-f]*0,\na multiple of 16, [^\n]*\n$")
  add_verb_test(${program} stack.align STATUS 0 ARGS stack --bug align ${stderr}
    STDOUT "^entered as the ABI asks: frame at 0x[0-9a-f]+0, 16 \\* n \\+ 0: exits with 0\n"
    ${misaligned} ": yes\n$")
  add_verb_test(${program} overflow STATUS 0 ARGS overflow ${stderr} STDOUT ${overflow_told})
  add_verb_test(${program} overflow.fault STATUS 0 ARGS overflow --fault ${stderr}
    STDOUT "^at 0x[0-9a-f]+ there is 100\nat 0x64, [^\n]*: killed by SIGSEGV\n[^\n]*: yes\n$")
  add_verb_test(${program} overflow.noguard STATUS 0 ARGS overflow --bug noguard ${stderr}
    STDOUT "^the recursion returns as if all were well.\n" "finds [1-9][0-9]* of its 4096 bytes changed"
    "the process exits with 0\n[^\n]*: yes\n$")
  add_verb_test(${program} hog STATUS 0 ARGS hog ${stderr}
    STDOUT "${hog_starves}yields +1000 +1000 +1000 +1000 +1000\n" ${hog_is_cured})
  add_verb_test(${program} hog.slice STATUS 0 ARGS hog --slice ${stderr}
    STDOUT "${hog_starves}looks whether its slice is over +[0-9]+ +10 +10 +10 +10\n"
    ${hog_is_cured})

  # compare: five styles, one story.
  set(story "main +sets off two tasks\n[^\n]*main +can do other things meanwhile\n[^\n]*early +goes on after 10 ms\n[^\n]*early +goes on after 5 ms more\n[^\n]*late +goes on after 20 ms\n")
  set(costs "\nengine +wall ms +CPU ms +wall ns +CPU ns\n")
  set(verdict "\nthe same lines in the same order: yes. turns in turn: yes\n$")
  add_verb_test(${program} compare STATUS 0 ARGS compare --turns 2000 STDERR ${warning}
    STDOUT "^threads: [^\n]*\n" "\ngreen: [^\n]*\n" "\nucontext: [^\n]*\n"
    "\ncallbacks: [^\n]*\n" "\npoll: [^\n]*\n" "${story}" "${verdict}"
    "${costs}threads [^\n]*\ngreen [^\n]*\nucontext [^\n]*\ncallbacks [^\n]*\npoll [^\n]*\n")
  foreach(engine threads green ucontext callbacks poll)
    add_verb_test(${program} compare.${engine} STATUS 0 STDERR ${warning}
      ARGS compare --engine ${engine} --turns 100
      STDOUT "^${engine}: [^\n]*\n" "${story}" "${costs}${engine} [^\n]*\n${verdict}")
  endforeach()
  add_verb_test(${program} compare.no-such-engine STATUS 64 ARGS compare --engine fibers
    STDERR "^${program} compare: --engine: 'fibers' is none of threads, green, ")
  add_verb_test(${program} compare.turns STATUS 64 ARGS compare --turns 1
    STDERR "^${program} compare: --turns: '1' is not a number from 2 to ")

  # io: all bytes come back; and rude clients.
  add_verb_test(${program} io STATUS 0 ARGS io ${stderr}
    STDOUT "ms +1 +writer-1 +wrote 1 bytes\n[^\n]* 2 +(server|writer)-[12] " # one count for all
    "server-1 +read 1 bytes" "server-2 +read 64 bytes. others ran meanwhile\n"
    "client-1 +read 5000 bytes. others ran meanwhile\n"
    "\n8 clients, 8 connections, 8429128 bytes: all came back\n$")
  add_verb_test(${program} io.clients STATUS 0 ARGS io --clients 40 ${stderr}
    STDOUT "\n40 clients, 40 connections, 42145640 bytes: all came back\n$")
  set(io_bash bash ${CMAKE_CURRENT_SOURCE_DIR}/greenthreads/io.bash)
  set(listening "^listening on 127.0.0.1:[0-9]+\n")
  add_run_test(${program}.verb.io.SIGINT STATUS 0 ${stderr} COMMAND ${io_bash} echo INT $<TARGET_FILE:${program}>
    STDOUT "${listening}served 1 connections. waited 0 times for a descriptor\n$")
  add_run_test(${program}.verb.io.reset STATUS 0 ${stderr} COMMAND ${io_bash} reset TERM $<TARGET_FILE:${program}>
    STDOUT "${listening}served 4 connections. waited 0 times for a descriptor\n$")
  add_run_test(${program}.verb.io.crowd STATUS 0 ${stderr} COMMAND ${io_bash} crowd TERM $<TARGET_FILE:${program}>
    STDOUT "${listening}served 20 connections. waited 0 times for a descriptor\n$")
  # A spin would count by millions.
  add_run_test(${program}.verb.io.EMFILE STATUS 0 COMMAND ${io_bash} starve TERM $<TARGET_FILE:${program}>
    STDERR "^(==[^\n]*swapcontext[^\n]*\n)?${program} io: accept: waits until a connection is over: Too many open files\n$"
    STDOUT "${listening}served 20 connections. waited [1-9][0-9]?[0-9]? times for a descriptor\n$")
  add_run_test(${program}.verb.io.port-in-use STATUS 1 STDOUT "${listening}$"
    STDERR "${program} io: listen on 127.0.0.1:[0-9]+: Address already in use\n$"
    COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/with_server.bash $<TARGET_FILE:${program}> io --listen 0
      -- bash -c "exec \$0 io --listen \${1##*:}" $<TARGET_FILE:${program}> {})
  add_verb_test(${program} io.port STATUS 64 ARGS io --listen 65536
    STDERR "^${program} io: --listen: '65536' is not a number from 0 to 65535\n")
  add_verb_test(${program} io.no-clients STATUS 64 ARGS io --clients 0
    STDERR "^${program} io: --clients: '0' is not a number from 1 to ")

  # many: all alive at once, nothing left over.
  set(row " +[0-9]+ ns +[0-9]+ ns +[0-9]+ ns +[0-9]+ ns +[0-9]+ B +[0-9]+ B\n")
  string(REPEAT " +100000${row}" 10 rows)
  foreach(guard best mprotect none)
    add_verb_test(${program} many.${guard} STATUS 0 ${stderr}
      ARGS many --guard ${guard} --count 2000 --stack 64
      STDOUT "^green threads on stacks of 64 KiB, guard: (advice|mprotect|none). for each:\n"
      "\n +2000${row}\nall 2000 ran, and were alive at once\n$")
  endforeach()
  add_verb_test(${program} many.one STATUS 0 ARGS many -c 1 -s 16 ${stderr}
    STDOUT "\nall 1 ran, and were alive at once\n$")
  add_verb_test(${program} many.memory STATUS 1 ARGS many --count 1000000000
    STDERR "^${program} many: 1000000000 threads will take [0-9]+ MiB, and [0-9]+ MiB are available\n$")
  if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize") # sanitizers map memory, too, and know fewer threads
    add_verb_test(${program} many.runs STATUS 0 ${stderr} ARGS many --count 100000 --runs 10
      STDOUT "\n${rows}\nall 100000 ran, and were alive at once\n10 runs: nothing left over, mapping or descriptor\n$")
    add_run_test(${program}.verb.many.addresses STATUS 1
      STDERR "^${program} many: 100000 threads take [0-9]+ MiB of addresses, and ulimit -v allows 976\n$"
      COMMAND bash -c "ulimit -v 1000000 && exec \$0 many --count 100000" $<TARGET_FILE:${program}>)
    if(most_mappings LESS 200000)
      add_verb_test(${program} many.mappings STATUS 1
        ARGS many --guard mprotect --count ${most_mappings} STDOUT "\n +[1-9][0-9]+${row}$"
        STDERR "^${program} many: make thread [0-9]+: no more guarded stacks: [^\n]*vm.max_map_count [^\n]*\n$")
    endif()
  endif()
  add_verb_test(${program} many.stack STATUS 64 ARGS many --stack 15
    STDERR "^${program} many: --stack: '15' is not a number from 16 to ")
  add_verb_test(${program} many.guard STATUS 64 ARGS many --guard wall
    STDERR "^${program} many: --guard: 'wall' is none of best, advice, mprotect, none\n")

  add_verb_test(${program} bench.csv STATUS 0 ARGS bench --csv ${stderr}
    STDOUT "^name,median ns,least,most,ratio\n\"switch alone\",[^\n]*,1.000\n\"yield, 2 threads\"," "\n\"spawn to end, one by one\"," "\n\"OS thread, create to join\",")

  add_verb_test(${program} help STATUS 0 ARGS --help
    STDOUT "run.*stack.*overflow.*compare.*hog.*io.*many.*bench")
  add_verb_test(${program} run.help STATUS 0 ARGS run --help STDOUT "^Usage: ${program} run ")
  add_verb_test(${program} no-such-verb STATUS 64 ARGS rum
    STDERR "^${program} run: unexpected argument 'rum'\n")
  add_verb_test(${program} no-such-option STATUS 64 ARGS stack --size
    STDERR "^${program} stack: unrecognized option '--size'\n")
  add_verb_test(${program} stack.no-such-bug STATUS 64 ARGS stack --bug noguard
    STDERR "^${program} stack: --bug: 'noguard' is not align\n")
  add_verb_test(${program} overflow.no-such-bug STATUS 64 ARGS overflow --bug=
    STDERR "^${program} overflow: --bug: '' is not noguard\n")
  add_verb_test(${program} overflow.bug-without-name STATUS 64 ARGS overflow --bug
    STDERR "^${program} overflow: option '--bug' requires an argument\n")
  add_verb_test(${program} hog.argument STATUS 64 ARGS hog 3
    STDERR "^${program} hog: unexpected argument '3'\n")

  add_test(NAME ${program}.elf COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/greenthreads/elf.bash
    $<TARGET_FILE:${program}> $<TARGET_FILE:${program}-core> ${CMAKE_READELF} ${CMAKE_AR})
  set_tests_properties(${program}.elf PROPERTIES TIMEOUT 120)
endforeach()

# The same unit tests, linked to the other core.
foreach(module IN LISTS modules_of_greenthreads)
  add_executable(greenthreads-ucontext.${module} greenthreads/test_${module}.c)
  target_link_libraries(greenthreads-ucontext.${module}
    PRIVATE greenthreads-ucontext-core PkgConfig::CMOCKA)
  add_test(NAME greenthreads-ucontext.${module} COMMAND greenthreads-ucontext.${module})
  set_tests_properties(greenthreads-ucontext.${module} PROPERTIES TIMEOUT 300 LABELS unit)
endforeach()

# Each callee-saved register by name, and memory that runs out on cue.
enable_language(ASM)
foreach(program greenthreads greenthreads-ucontext)
  target_sources(${program}.context PRIVATE greenthreads/markers.S)
  target_link_libraries(${program}.context PRIVATE m) # fesetround
  target_link_libraries(${program}.runtime PRIVATE m)
  target_link_options(${program}.runtime PRIVATE LINKER:--wrap=clock_nanosleep)
  foreach(module stack timers runtime)
    target_link_options(${program}.${module} PRIVATE LINKER:--wrap=mmap LINKER:--wrap=munmap
      LINKER:--wrap=mprotect LINKER:--wrap=madvise LINKER:--wrap=calloc
      LINKER:--wrap=aligned_alloc LINKER:--wrap=reallocarray)
  endforeach()
  target_link_options(${program}.io PRIVATE LINKER:--wrap=read LINKER:--wrap=send
    LINKER:--wrap=accept4 LINKER:--wrap=connect LINKER:--wrap=epoll_wait LINKER:--wrap=epoll_ctl
    LINKER:--wrap=epoll_create1)
endforeach()
