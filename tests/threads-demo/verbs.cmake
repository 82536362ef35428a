# threads-demo, as its user sees it.

# Faults on cue: these calls of the modules go through the test first.
target_link_options(threads-demo.channel_faults PRIVATE
  LINKER:--wrap=calloc,--wrap=aligned_alloc,--wrap=reallocarray
  LINKER:--wrap=syscall,--wrap=pthread_cond_wait,--wrap=pthread_cond_timedwait)
target_link_options(threads-demo.channel_slow PRIVATE LINKER:--wrap=futex_wait,--wrap=aligned_alloc)
target_link_options(threads-demo.gate PRIVATE LINKER:--wrap=parker_unpark)
target_link_options(threads-demo.oneshot PRIVATE LINKER:--wrap=futex_wake)
target_link_options(threads-demo.parker PRIVATE LINKER:--wrap=futex_wait)
target_link_options(threads-demo.pool PRIVATE LINKER:--wrap=calloc,--wrap=pthread_create)

set(ordered "18 received, 18 of them in their sender's order\n$")
add_verb_test(threads-demo default STATUS 0 STDOUT ${ordered})
add_verb_test(threads-demo mpsc STATUS 0 ARGS mpsc
  STDOUT ${ordered} "main +counts 4\n" "producer-a +sends 10\n" "producer-b +sends 20\n")
foreach(engine mutex ring)
  foreach(cap 0 1 100)
    add_verb_test(threads-demo mpsc.${engine}.${cap} STATUS 0 STDOUT ${ordered}
      ARGS mpsc --engine ${engine} --cap ${cap})
  endforeach()
  add_verb_test(threads-demo mpsc.${engine}.try STATUS 0 STDOUT ${ordered} "main +draws a frame\n"
    ARGS --engine ${engine} --try) # no verb: the line is mpsc's
endforeach()

set(arrived "4 messages arrived, their sum is 20\n")
add_verb_test(threads-demo pipeline STATUS 0 ARGS pipeline
  STDOUT "source +has sent 4\n" "worker-. +takes 4\n" "\nhigh water 1. ${arrived}$")
add_verb_test(threads-demo pipeline.rendezvous STATUS 0 ARGS pipeline --cap 0
  STDOUT "\nhigh water 0. ${arrived}$")
add_verb_test(threads-demo pipeline.unbounded STATUS 0 ARGS pipeline --cap none
  STDOUT "\nhigh water [1-4]. ${arrived}$")
add_verb_test(threads-demo pipeline.no-close STATUS 0 ARGS pipeline --bug no-close
  STDOUT "sink +waits for a worker, both workers wait for the source, and the source has gone"
  "${arrived}a channel whose sender is forgotten never ends\n$")

add_verb_test(threads-demo park STATUS 0 ARGS park
  STDOUT "executor-2 +is ready on CPU [0-9]+, and parks\n"
  "executor-2 +takes a token, is not told, and parks again\n"
  "two futures gave 63. 4 tokens taken. 0 started before they were told\n$")
add_verb_test(threads-demo park.bare STATUS 0 ARGS park --bug bare
  STDOUT "executor-. +runs, though nobody told it to\n"
  "two futures gave 63. 2 tokens taken. 2 started before they were told\n$")

add_verb_test(threads-demo pool STATUS 0 ARGS pool
  STDOUT "worker-[1-4] +finishes job 9" "\nin order: true. at most 4 jobs ran at the same time\n$")
add_verb_test(threads-demo pool.hold STATUS 0 ARGS pool --bug hold
  STDOUT "finishes job 9, as number [0-9]+\n" "\nin order: true. at most 1 jobs ran at the same time\n$")

add_verb_test(threads-demo oneshot STATUS 0 ARGS oneshot
  STDOUT "came: 7. never: told. late: 9. a second value: refused\n$")
add_verb_test(threads-demo actor STATUS 0 ARGS actor
  STDOUT "Ada 12, Alan 8, Grace unknown\n" "actor +has no handles left, and ends\n")
add_verb_test(threads-demo actor.counter STATUS 0 ARGS actor --counter
  STDOUT "ten callers, ten different numbers: yes\n")

add_verb_test(threads-demo help STATUS 0 ARGS --help STDOUT "mpsc.*pipeline.*bench")
foreach(verb mpsc pipeline park pool oneshot actor 
    bench)
  add_verb_test(threads-demo ${verb}.help STATUS 0 ARGS ${verb} --help
    STDOUT "^Usage: threads-demo ${verb} ")
  add_verb_test(threads-demo ${verb}.bad-option STATUS 64 ARGS ${verb} --no-such-option
    STDERR "^threads-demo ${verb}: unrecognized option '--no-such-option'\n")
endforeach()
add_verb_test(threads-demo no-such-verb STATUS 64 ARGS mspc
  STDERR "^threads-demo mpsc: unexpected argument 'mspc'\n")
foreach(bad "mpsc --cap -1" "mpsc --engine quick" "pipeline --cap some" "pipeline --bug close"
    "park --bug none" "pool --bug held")
  separate_arguments(words UNIX_COMMAND "${bad}")
  string(REPLACE " " "_" name "${bad}")
  list(GET words 0 verb)
  add_verb_test(threads-demo bad.${name} STATUS 64 ARGS ${words}
    STDERR "^threads-demo ${verb}: .*Try `threads-demo ${verb} --help'")
endforeach()
