# threads-demo, as its user sees it.

# Faults on cue: these calls of the modules go through the test first.
target_link_options(threads-demo.channel_faults PRIVATE
  LINKER:--wrap=calloc,--wrap=aligned_alloc,--wrap=reallocarray
  LINKER:--wrap=syscall,--wrap=pthread_cond_wait,--wrap=pthread_cond_timedwait)
target_link_options(threads-demo.channel_slow PRIVATE LINKER:--wrap=futex_wait,--wrap=aligned_alloc)
target_link_options(threads-demo.gate PRIVATE LINKER:--wrap=parker_unpark)
target_link_options(threads-demo.oneshot PRIVATE LINKER:--wrap=futex_wake)
target_link_options(threads-demo.parker PRIVATE LINKER:--wrap=futex_wait)
target_link_options(threads-demo.litmus PRIVATE LINKER:--wrap=aligned_alloc,--wrap=pthread_create)
target_link_options(threads-demo.pool PRIVATE LINKER:--wrap=calloc,--wrap=pthread_create)
target_link_options(threads-demo.digest PRIVATE LINKER:--wrap=read)

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

add_verb_test(threads-demo counter STATUS 0 ARGS counter STDOUT "^mutex: 10000 counted, 0 lost\n$")
add_verb_test(threads-demo counter.relaxed STATUS 0 ARGS counter --how relaxed
  STDOUT "^relaxed: 10000 counted, 0 lost\n$")
add_verb_test(threads-demo counter.loadstore STATUS 0 ARGS counter --how loadstore
  STDOUT "^loadstore: 10000 counted, [0-9]+ lost: a load and a store are not one step\n$")
add_verb_test(threads-demo counter.pair STATUS 0 ARGS counter --pair
  STDOUT "^mutex: count 10, total 55: yes. seen out of step: never\n$")
add_verb_test(threads-demo counter.pair.relaxed STATUS 0 ARGS counter --pair --how relaxed
  STDOUT "^relaxed: count 10, total 55: yes. seen out of step: yes\n$")
# A data race is undefined. ThreadSanitizer must see this one; others may not.
if(CMAKE_C_FLAGS MATCHES "fsanitize=thread")
  add_verb_test(threads-demo counter.racy STATUS 0 ARGS counter --how racy
    STDOUT "^the race was reported, and stopped\n$" STDERR "WARNING: ThreadSanitizer: data race")
  set_tests_properties(threads-demo.verb.counter.racy PROPERTIES LABELS bug-tsan)
else()
  add_verb_test(threads-demo counter.racy STATUS 0 ARGS counter --how racy
    STDOUT "^racy: 10000 counted, [0-9]+ lost: a load and a store are not one step\n$")
endif()

add_verb_test(threads-demo lock STATUS 0 ARGS lock
  STDOUT "^0: apple\n1: orange\n2: peach\ngrape: inserted\n$")
add_verb_test(threads-demo lock.hold STATUS 0 ARGS lock --bug hold
  STDOUT "^0: apple\n1: orange\n2: peach\ngrape: Resource deadlock avoided\n$")
add_verb_test(threads-demo lock.futex STATUS 0 ARGS lock --kind futex
  STDOUT "^futex: 100000 of 100000 counted. system calls: 0 alone, [1-9][0-9]* among 4\n$")
add_verb_test(threads-demo lock.spin STATUS 0 ARGS lock --kind spin
  STDOUT "^spin: 100000 of 100000 counted. system calls: 0 alone, 0 among 4\n$")
add_verb_test(threads-demo lock.rwlock STATUS 0 ARGS lock --kind rwlock
  STDOUT "one had to wait. the writer came before them\n$")
add_verb_test(threads-demo lock.starve STATUS 0 ARGS lock --kind rwlock --bug starve
  STDOUT "all were let in. the writer came when there were no more\n$")

add_verb_test(threads-demo condvar STATUS 0 ARGS condvar
  STDOUT "waiter +wakes, and it is not ready\n" "waiter +wakes, and it is ready\n"
  "misled by a stray wake-up: no\n$")
add_verb_test(threads-demo condvar.if STATUS 0 ARGS condvar --bug if
  STDOUT "misled by a stray wake-up: yes\n$")
add_verb_test(threads-demo barrier STATUS 0 ARGS barrier
  STDOUT "phase 1\n.*phase 1\n.*phase 1\n.*phase 2\n" "0 began phase 2 too early. 1 was named\n$")
add_verb_test(threads-demo once STATUS 0 ARGS once
  STDOUT "^by compare-and-swap: 4 made, 1 kept. by pthread_once: 1 made\n"
  "by compare-and-swap: 0 given twice, 145 refused\n$")
add_verb_test(threads-demo oneshot STATUS 0 ARGS oneshot
  STDOUT "came: 7. never: told. late: 9. a second value: refused\n$")
add_verb_test(threads-demo refcount STATUS 0 ARGS refcount
  STDOUT "^upgrade with owners: yes, without: no. value ended 1 time, memory freed 1 time\n$")
add_verb_test(threads-demo actor STATUS 0 ARGS actor
  STDOUT "Ada 12, Alan 8, Grace unknown\n" "actor +has no handles left, and ends\n")
add_verb_test(threads-demo actor.counter STATUS 0 ARGS actor --counter
  STDOUT "ten callers, ten different numbers: yes\n")
add_verb_test(threads-demo fanout STATUS 0 ARGS fanout
  STDOUT "slow +missed 2\n" "slow: 4 read, 2 missed. both saw the last: yes\n$")
add_verb_test(threads-demo fanout.watch STATUS 0 ARGS fanout --kind watch
  STDOUT "slow: 1 read, 0 missed. both saw the last: yes\n$")
add_verb_test(threads-demo limit STATUS 0 ARGS limit STDOUT "9 tasks, at most 3 under way\n$")
add_verb_test(threads-demo cancel STATUS 0 ARGS cancel
  STDOUT "^no handler: +taken by nobody, for ever, half done\n"
  "\nhandler: +free, undone\nrobust mutex: taken by one who died, half done, put right\n$")
add_verb_test(threads-demo order STATUS 0 ARGS order
  STDOUT "^store buffering" "\nmessage passing" "\nload buffering" "\nnothing forbidden was seen\n$")
add_run_test(threads-demo.verb.dirsum STATUS 0 STDOUT "^dirsum: all as it should be\n$"
  COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/dirsum.bash $<TARGET_FILE:threads-demo>)

add_verb_test(threads-demo help STATUS 0 ARGS --help STDOUT "mpsc.*pipeline.*park.*dirsum.*bench")
foreach(verb mpsc pipeline park pool counter lock condvar barrier once oneshot refcount actor fanout
    limit cancel order dirsum bench)
  add_verb_test(threads-demo ${verb}.help STATUS 0 ARGS ${verb} --help
    STDOUT "^Usage: threads-demo ${verb} ")
  add_verb_test(threads-demo ${verb}.bad-option STATUS 64 ARGS ${verb} --no-such-option
    STDERR "^threads-demo ${verb}: unrecognized option '--no-such-option'\n")
endforeach()
add_verb_test(threads-demo no-such-verb STATUS 64 ARGS mspc
  STDERR "^threads-demo mpsc: unexpected argument 'mspc'\n")
foreach(bad "mpsc --cap -1" "mpsc --engine quick" "pipeline --cap some" "pipeline --bug close"
    "park --bug none" "pool --bug held" "counter --how fast" "counter --pair --how racy"
    "lock --kind door" "lock --bug starve" "lock --kind spin --bug hold" "lock --bug keep"
    "condvar --bug while" "fanout --kind narrow" "dirsum" "dirsum one two")
  separate_arguments(words UNIX_COMMAND "${bad}")
  string(REPLACE " " "_" name "${bad}")
  list(GET words 0 verb)
  add_verb_test(threads-demo bad.${name} STATUS 64 ARGS ${words}
    STDERR "^threads-demo ${verb}: .*Try `threads-demo ${verb} --help'")
endforeach()
