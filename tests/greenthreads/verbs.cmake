# greenthreads, as its user sees it, by assembly and by ucontext.

# AddressSanitizer does not know that we tell it, and warns of the C library's switch.
set(warning "^(==[0-9]+==WARNING: ASan doesn't fully support makecontext/swapcontext [^\n]*\n)?$")

foreach(program greenthreads greenthreads-ucontext)
  if(program STREQUAL "greenthreads-ucontext")
    set(stderr STDERR ${warning})
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
    "\non that stack, hello\\(\\) says: hello\n" "0x[0-9a-f]*0: a\nmultiple of 16, [^\n]*\n$")
  add_verb_test(${program} bench.csv STATUS 0 ARGS bench --csv ${stderr}
    STDOUT "^name,median ns,least,most,ratio\n2 green threads,[^\n]*,1.000\n2 OS threads,")

  add_verb_test(${program} help STATUS 0 ARGS --help STDOUT "run.*stack.*bench")
  add_verb_test(${program} run.help STATUS 0 ARGS run --help STDOUT "^Usage: ${program} run ")
  add_verb_test(${program} no-such-verb STATUS 64 ARGS rum
    STDERR "^${program} run: unexpected argument 'rum'\n")
  add_verb_test(${program} no-such-option STATUS 64 ARGS stack --size
    STDERR "^${program} stack: unrecognized option '--size'\n")

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
  foreach(module stack runtime)
    target_link_options(${program}.${module} PRIVATE LINKER:--wrap=mmap LINKER:--wrap=munmap
      LINKER:--wrap=mprotect LINKER:--wrap=calloc LINKER:--wrap=reallocarray)
  endforeach()
endforeach()
