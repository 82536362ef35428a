# epoll-basic, as its user sees it.
set(connected "connected: 127\\.0\\.0\\.1:[0-9]+ to 127\\.0\\.0\\.1:[0-9]+\n$")
set(woken_for_nothing
  "poller +says: the client is ready, and hung up\n[^\n]* client +has no peer; asks for 127\\.0\\.0\\.1:[0-9]+\n[^\n]* poller +says: the client is ready\n")
add_verb_test(epoll-basic default STATUS 0
  STDOUT "${connected}" "${woken_for_nothing}" "poller +says: the listener is ready\n")
add_verb_test(epoll-basic connect STATUS 0 ARGS connect STDOUT "${connected}")
add_verb_test(epoll-basic connect.refused STATUS 1 ARGS connect 127.0.0.1:1
  STDOUT "has no peer; asks for 127\\.0\\.0\\.1:1\n"
  STDERR "^epoll-basic connect: connect to 127\\.0\\.0\\.1:1: Connection refused\n$")
# An address alone goes to the default verb.
add_verb_test(epoll-basic default.refused STATUS 1 ARGS 127.0.0.1:1
  STDOUT "asks for" STDERR "connect to 127\\.0\\.0\\.1:1: Connection refused\n$")

add_executable(epoll-basic.listener epoll-basic/listener.c)
target_link_libraries(epoll-basic.listener PRIVATE epoll-basic-core)
add_run_test(epoll-basic.verb.connect.elsewhere STATUS 0
  STDOUT "^listening on (127\\.0\\.0\\.1:[0-9]+)\n" "${connected}"
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/with_server.bash
    $<TARGET_FILE:epoll-basic.listener> -- $<TARGET_FILE:epoll-basic> connect {})


add_verb_test(epoll-basic tcp STATUS 0 ARGS tcp
  STDOUT "^listening on 127\\.0\\.0\\.1:[0-9]+\n" "guest 1 +has come\n" "guest 3 +is greeted"
    "guest 2 +says: good day" "goodbye *\n" "guest 1 +has ended\n" "\n3 guests came, 3 have left\n$")
add_verb_test(epoll-basic tcp.eof STATUS 0 ARGS tcp --bug eof
  STDOUT "500000 reads gave 0, in [0-9]+ ms of one processor; nothing will follow: 0 is the end\n$")
add_run_test(epoll-basic.verb.tcp.listen STATUS 0
  STDOUT "\n10 of 10 were greeted\n$"
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/with_server.bash
    $<TARGET_FILE:epoll-basic> tcp --listen 0 --
    bash ${CMAKE_CURRENT_SOURCE_DIR}/epoll-basic/guests.bash {} 10)
# More guests than descriptors: the rest are accepted as others leave.
add_run_test(epoll-basic.verb.tcp.few-descriptors STATUS 0
  STDOUT "\n40 of 40 were greeted\n$"
  STDERR "^epoll-basic tcp: accept a guest: Too many open files\n"
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/with_server.bash
    bash -c "ulimit -n 24 && exec \"$0\" tcp --listen 0" $<TARGET_FILE:epoll-basic> --
    bash ${CMAKE_CURRENT_SOURCE_DIR}/epoll-basic/guests.bash {} 40)

add_verb_test(epoll-basic trigger STATUS 0 ARGS trigger
  STDOUT "\n100 bytes come +20 +1 +1\n" "\nhalf of them is read +20 +0 +0\n"
    "\nit is reregistered +20 +1 +1\n" "\nall is read +0 +0 +0\n" "room to write +20 +1 +1\n$")
add_verb_test(epoll-basic trigger.half-read STATUS 0 ARGS trigger --bug half-read
  STDOUT "^after 0\\.1 s: 0 events, though 50 bytes are there")
add_verb_test(epoll-basic trigger.batch STATUS 0 ARGS trigger --batch 4
  STDOUT "\nwait 3: socket [0-9] socket [0-9]\n10 ready sockets, batches of 4: 3 waits, each served once\n$")

add_verb_test(epoll-basic spurious STATUS 0 ARGS spurious
  STDOUT "reader [12] +reads: all of it\n" "reader [12] +reads: nothing; would block\n"
    "\ntwo were told, one has 10 bytes, the other EAGAIN: an event is leave to try\n$")
add_verb_test(epoll-basic spurious.eintr STATUS 0 ARGS spurious --eintr
  STDOUT "^epoll_wait\\(2\\) for 100 ms: EINTR, after [0-9]+ ms\n"
    "\npoller_wait\\(\\) for 100 ms: 0 events, after [0-9]+ ms and [0-9]+ signals\n$")

add_verb_test(epoll-basic wake STATUS 0 ARGS wake 100000
  STDOUT "main +is woken\n" "\n100000 wakes by 8 threads: [0-9]+ system calls, [0-9]+ events; all 100000 were seen\n$")

add_verb_test(epoll-basic fds STATUS 0 ARGS fds
  STDOUT "timerfd +has expired 1 times\n" "signalfd +SIGUSR1, from ourselves\n"
    "eventfd +was written 3 times, and says 3\n" "inotify +a file was made: news\n"
    "pidfd +the child has ended, with status 7\n"
    "\na regular file: Operation not permitted\\.")

add_verb_test(epoll-basic flags STATUS 0 ARGS flags
  STDOUT "\nTCP: not connected +-  OUT -     HUP -    rwRW-\n"
    "\nTCP: it closes, and left bytes unread +IN OUT RDHUP HUP ERR  rwRWe\n"
    "\npipe: the writer closes +-  -   -     HUP -    rwRW-\n")

add_verb_test(epoll-basic delay STATUS 0 ARGS delay
  STDOUT "asks question 1, which takes 400 ms\n" "has answer 5: after 0 ms\n"
    "\nanswered in the order 54321\n" "\nstruct epoll_event has 1[26] bytes, without packing 16;")
add_run_test(epoll-basic.verb.delay.listen STATUS 0
  STDOUT "\nafter 20 ms\nclosed\n$"
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/with_server.bash
    $<TARGET_FILE:epoll-basic> delay --listen 0 --
    bash ${CMAKE_CURRENT_SOURCE_DIR}/epoll-basic/ask.bash {} "20\\n")
foreach(question "soon" "600001" "12345678901234567890")
  add_run_test(epoll-basic.verb.delay.${question} STATUS 0
    STDOUT "^listening on [0-9.:]+\nclosed\n$"
    COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/with_server.bash
      $<TARGET_FILE:epoll-basic> delay --listen 0 --
      bash ${CMAKE_CURRENT_SOURCE_DIR}/epoll-basic/ask.bash {} "${question}\\n")
endforeach()

add_verb_test(epoll-basic registrar STATUS 0 ARGS registrar
  STDOUT "registrar +registers source 2\n" "waiting +source 2 is ready\n" "waiting +is told to stop\n"
    "\n3 sources registered from outside, 3 told of, then stopped\n$")
add_verb_test(epoll-basic registrar.late STATUS 0 ARGS registrar --bug late
  STDOUT "\nby the number, the second event is for C, of whom nothing has been heard;\nby its token, for nobody: it is late\n$")

foreach(how "" " --timerfd")
  separate_arguments(words UNIX_COMMAND "timers${how}")
  string(REPLACE " --" "." name "timers${how}")
  add_verb_test(epoll-basic ${name} STATUS 0 ARGS ${words}
    STDOUT "told in the order abcde: 0 early, [0-9.]+ ms late on average; [0-9]+ waits\n$")
endforeach()

add_verb_test(epoll-basic interrupt STATUS 0 ARGS interrupt
  STDOUT "loop +takes 'p'\n" "\ntyped \"interrupt\", read \"interrupt\"\n$")
add_verb_test(epoll-basic interrupt.racy STATUS 0 ARGS interrupt --sleep racy
  STDOUT "^looked: nothing[^\n]* a key came[^\n]* slept: 200 ms, though the key was there[^\n]* looked: the key\n$")
add_verb_test(epoll-basic interrupt.atomic STATUS 0 ARGS interrupt --sleep atomic
  STDOUT "slept: not at all, the signal came inside")
add_verb_test(epoll-basic interrupt.print STATUS 0 ARGS interrupt --bug print
  STDOUT "^the handler asked for the printer, which the code it interrupted holds: EDEADLK\\.\n")
add_verb_test(epoll-basic interrupt.one-pop STATUS 0 ARGS interrupt --bug one-pop
  STDOUT "looked again: the key is there\n" "slept: 200 ms, and the key lies in the ring\n$")

add_verb_test(epoll-basic generator STATUS 0 ARGS generator
  STDOUT "^resume 1 yields 8\nresume 2 returns 80\nresume 3 was over: -22\n"
    "\nlimit 5: START -> poll 1 -> WAITS_ON_FOO -> poll 2 -> END: \"hello\"\n"
    "-> poll 2 -> WAITS_ON_BAR -> poll 3 -> END: \"hello, world\"\n" "\nbytes: START [0-9]+, ")

add_verb_test(epoll-basic future STATUS 0 ARGS future
  STDOUT "main +join\\(and_then\\(learn, sing\\), dance\\), and nothing happens\n"
    "main +has polled: pending; wakers kept: 2\n" "learn +has \"la la\"\n[^\n]*learn +is dropped\n[^\n]*sings \"la la\"\n"
    "\n2 clones = 2 wakes and 0 other drops; all is done\n$")
add_verb_test(epoll-basic future.cancel STATUS 0 ARGS future --cancel
  STDOUT "main +drops it all\n[^\n]*learn +is dropped\n2 clones = 1 wakes and 1 other drops; cancelled, and nothing is left\n$")
add_verb_test(epoll-basic future.moved STATUS 0 ARGS future --bug moved
  STDOUT "^swapped before the first poll: Bob says \"hello Bob\", Ada says \"hello Ada\"\n"
    "\nswapped after the first poll: Bob says \"hello Ada\", Ada says \"hello Bob\"\n")
# A read of a frame that is gone is undefined. AddressSanitizer must see this one.
if(CMAKE_C_FLAGS MATCHES "fsanitize=address")
  add_verb_test(epoll-basic future.frame STATUS 0 ARGS future --bug frame
    STDOUT "^the read was reported, and stopped\n$"
    STDERR "ERROR: AddressSanitizer: stack-use-after-return.*poll_counter")
  set_tests_properties(epoll-basic.verb.future.frame PROPERTIES LABELS bug-asan)
else()
  add_verb_test(epoll-basic future.frame STATUS 0 ARGS future --bug frame
    STDOUT "^of 4000 letters 'a' the future still finds [0-9]+\nwho made it has returned: its frame is someone else's\n$")
endif()

add_verb_test(epoll-basic timer STATUS 0 ARGS timer
  STDOUT "thread +the time has come; wakes\n[^\n]* B +polls: ready\n" "\nready after 3 polls: ")
add_verb_test(epoll-basic timer.stale STATUS 0 ARGS timer --waker stale
  STDOUT " A +polls: ready\n" "\nthe time has come, and B was woken 0 times, A 1: B would sleep for ever\n$")
add_verb_test(epoll-basic timer.none STATUS 0 ARGS timer --waker none
  STDOUT "has nobody to wake\n" "\nthe time has come, and B was woken 0 times, A 0: B would sleep for ever\n$")
add_verb_test(epoll-basic timer.self STATUS 0 ARGS timer --waker self
  STDOUT "\nready after [0-9][0-9][0-9][0-9]+ polls: a processor was busy all the while\n$")

set(same_time "timer 100: howdy\n[^\n]*timer 200: howdy\n[^\n]*timer 100: done\n[^\n]*timer 200: done\n")
add_verb_test(epoll-basic executor STATUS 0 ARGS executor
  STDOUT "${same_time}" "\nboth over after [0-9]+ ms: they ran at the same time\n$")
add_verb_test(epoll-basic executor.sequential STATUS 0 ARGS executor --sequential
  STDOUT "timer 100: howdy\n[^\n]*timer 100: done\n[^\n]*timer 200: howdy\n[^\n]*timer 200: done\n"
    "\nboth over after [0-9]+ ms: the second began when the first was over\n$")
add_verb_test(epoll-basic executor.threads STATUS 0 ARGS executor --threads 4
  STDOUT "\nboth over after [0-9]+ ms: they ran at the same time\n$")
add_verb_test(epoll-basic executor.budget STATUS 0 ARGS executor --budget 10
  STDOUT "${same_time}" "\n[0-9]+ polls of the busy one, [0-9]+ looks, at most 10 polls between two\n$")
add_verb_test(epoll-basic executor.same-id STATUS 0 ARGS executor --bug same-id
  STDOUT "^ids 1 and 2: [^\n]*: 2 of 2 are over\nids 1 and 1: [^\n]*: 1 of 2 are over\n")
add_verb_test(epoll-basic executor.dead-id STATUS 0 ARGS executor --bug dead-id
  STDOUT "\nwakers are numbers:  the next was polled 2 times" "\nwakers are counted:  the next was polled 1 time\n$")

add_verb_test(epoll-basic reactor STATUS 0 ARGS reactor
  STDOUT "^8 connections served\n8 clients in 1 thread: 38400 bytes came back\n$")
add_verb_test(epoll-basic reactor.threads STATUS 0 ARGS reactor --threads 3 --clients 50
  STDOUT "^50 connections served\n50 clients in 3 threads: 240000 bytes came back\n$")
add_verb_test(epoll-basic reactor.trace STATUS 0 ARGS reactor --trace
  STDOUT "task +reads nothing: asks the leaf\n[^\n]*waker +is cloned[^\n]*\n[^\n]*leaf +pending\n[^\n]*executor +has nobody to poll"
    "waker +wakes: the task goes into the executor's queue\n" "\n2 polls, 1 wake\n$")
add_run_test(epoll-basic.verb.reactor.listen STATUS 0 STDOUT "\n20 of 20 came back\n$"
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/with_server.bash
    $<TARGET_FILE:epoll-basic> reactor --listen 0 --
    bash ${CMAKE_CURRENT_SOURCE_DIR}/epoll-basic/echoes.bash {} 20)
# More guests than descriptors: the rest are accepted as others leave.
add_run_test(epoll-basic.verb.reactor.few-descriptors STATUS 0 STDOUT "\n20 of 20 came back\n$"
  STDERR "^epoll-basic reactor: accept: tries again every 0.1 s: Too many open files\n$"
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/with_server.bash
    bash -c "ulimit -n 16 && exec \"$0\" reactor --listen 0" $<TARGET_FILE:epoll-basic> --
    bash ${CMAKE_CURRENT_SOURCE_DIR}/epoll-basic/echoes.bash {} 20)
add_run_test(epoll-basic.verb.reactor.no-descriptors STATUS 1
  STDERR "^epoll-basic reactor: (open a socket|make an executor|listen at 127\\.0\\.0\\.1:0): Too many open files\n$"
  COMMAND bash -c "ulimit -n 8 && exec \"$0\" reactor" $<TARGET_FILE:epoll-basic>)

add_verb_test(epoll-basic scaling STATUS 0 ARGS scaling --csv --svg ${CMAKE_CURRENT_BINARY_DIR}/scaling.svg
  STDOUT "^idle,select,poll,epoll level,epoll edge\n1,[0-9]+,[0-9]+,[0-9]+,[0-9]+\n")
add_run_test(epoll-basic.verb.scaling.svg STATUS 0 STDOUT "^<svg xmlns=.*</svg>\n$" "<polyline"
  COMMAND cat ${CMAKE_CURRENT_BINARY_DIR}/scaling.svg)
set_tests_properties(epoll-basic.verb.scaling PROPERTIES FIXTURES_SETUP scaling.svg)
set_tests_properties(epoll-basic.verb.scaling.svg PROPERTIES FIXTURES_REQUIRED scaling.svg)
add_run_test(epoll-basic.verb.scaling.few-descriptors STATUS 0
  STDOUT "^ +idle +select" "\n +100 "
  STDERR "^epoll-basic scaling: ulimit -Hn leaves room for 236 idle descriptors\n$"
  COMMAND bash -c "ulimit -n 300 && exec \"$0\" scaling" $<TARGET_FILE:epoll-basic>)
add_run_test(epoll-basic.verb.scaling.full-disk STATUS 1
  STDOUT "\nepoll-basic scaling: write /dev/full: No space left on device\n$"
  COMMAND bash -c "ulimit -n 200 && exec \"$0\" scaling --svg /dev/full 2>&1 >/dev/null"
    $<TARGET_FILE:epoll-basic>)

add_verb_test(epoll-basic bench STATUS 0 ARGS bench --csv
  STDOUT "^name,median ns,least,most,ratio\n" "\n\"poller_wait\\(\\)\"," "\n\"reregister\"," "\n\"timer: add and take\","
    "\n\"task: spawn to end\",")

add_verb_test(epoll-basic help STATUS 0 ARGS --help STDOUT "connect.*tcp.*bench")
foreach(verb connect tcp trigger spurious wake fds flags delay registrar timers interrupt
    generator future timer executor reactor scaling bench)
  add_verb_test(epoll-basic ${verb}.help STATUS 0 ARGS ${verb} --help
    STDOUT "^Usage: epoll-basic ${verb} ")
  add_verb_test(epoll-basic ${verb}.no-such-option STATUS 64 ARGS ${verb} --no-such-option
    STDERR "^epoll-basic ${verb}: unrecognized option '--no-such-option'\n")
endforeach()
foreach(bad "tcp --bug end" "tcp --listen 65536" "trigger --bug half" "trigger --batch 0" "trigger --batch 11"
    "spurious now" "wake many" "wake 7" "delay --listen -1" "registrar --bug early" "interrupt --sleep well"
    "interrupt --bug two-pop" "scaling 10" "fds 3" "flags all" "timers 5"
    "generator 3" "future --bug lost" "timer --waker old" "timer 5" "executor --threads 0" "executor --budget x"
    "executor --bug id" "executor --budget 3 --threads 2" "reactor --clients 0" "reactor --listen 65536")
  separate_arguments(words UNIX_COMMAND "${bad}")
  list(GET words 0 verb)
  string(MAKE_C_IDENTIFIER "${bad}" name)
  add_verb_test(epoll-basic bad.${name} STATUS 64 ARGS ${words} STDERR "^epoll-basic ${verb}: ")
endforeach()
add_verb_test(epoll-basic no-such-verb STATUS 64 ARGS conect
  STDERR "^epoll-basic connect: 'conect' is not an address like 127\\.0\\.0\\.1:80\n")
add_verb_test(epoll-basic no-such-port STATUS 64 ARGS connect 127.0.0.1:65536
  STDERR "^epoll-basic connect: '127\\.0\\.0\\.1:65536' is not an address")
add_verb_test(epoll-basic two-addresses STATUS 64 ARGS connect 127.0.0.1:1 127.0.0.1:2
  STDERR "^epoll-basic connect: unexpected argument '127\\.0\\.0\\.1:2'\n")

# What the tests replace: the kernel's answers come from a script.
target_link_options(epoll-basic.poller PRIVATE
  LINKER:--wrap=epoll_wait LINKER:--wrap=clock_gettime)
target_link_options(epoll-basic.tokens PRIVATE LINKER:--wrap=reallocarray)
target_link_options(epoll-basic.timers PRIVATE LINKER:--wrap=reallocarray)
target_link_options(epoll-basic.tcp PRIVATE LINKER:--wrap=accept4 LINKER:--wrap=connect
  LINKER:--wrap=recv LINKER:--wrap=send)
target_link_options(epoll-basic.executor PRIVATE LINKER:--wrap=malloc LINKER:--wrap=calloc)
target_link_options(epoll-basic.reactor PRIVATE
  LINKER:--wrap=epoll_wait LINKER:--wrap=calloc LINKER:--wrap=reallocarray)
