# eventloop-basic, as its user sees it.
set(ticked "\nthe loop ticked while the job blocked; nothing is left open\n$")
add_verb_test(eventloop-basic default STATUS 0 STDOUT ${ticked})
add_verb_test(eventloop-basic blocking STATUS 0 ARGS blocking
  STDOUT ${ticked} "pool +runs the job, on thread 0x[0-9a-f]+\n.*ticks: 3\n"
  "loop +gets 42, on thread 0x[0-9a-f]+\n")
add_verb_test(eventloop-basic oneshot STATUS 0 ARGS oneshot
  STDOUT "receives 42 by the channel\n.*ends the job\n.*joins the task, which gives 42\n"
  "\n42 came twice, and the loop closed with nothing left\n$")

set(here ${CMAKE_CURRENT_LIST_DIR})
set(with_server bash ${here}/../with_server.bash $<TARGET_FILE:eventloop-basic> echo --port 0)
add_run_test(eventloop-basic.verb.echo STATUS 0 STDOUT "^listening on 127.0.0.1:[0-9]+\nhello\n$"
  COMMAND ${with_server} -- bash ${here}/talk.bash {} hello)
add_run_test(eventloop-basic.verb.echo.line STATUS 0 STDOUT "^listening on 127.0.0.1:[0-9]+\nhello\n$"
  COMMAND ${with_server} --codec line -- bash ${here}/talk.bash {} hello)
add_run_test(eventloop-basic.verb.echo.pipe STATUS 0 STDOUT "^listening on [^\n]*/socket\n$"
  COMMAND bash ${here}/unix.bash $<TARGET_FILE:eventloop-basic>)
add_verb_test(eventloop-basic echo.no-codec STATUS 64 ARGS echo --codec words
  STDERR "^eventloop-basic echo: --codec: 'words' is neither raw nor line\n")
string(REPEAT x 200 long)
add_verb_test(eventloop-basic echo.long-path STATUS 1 ARGS echo --pipe /tmp/${long}
  STDERR "^eventloop-basic echo: listen on /tmp/x*: File name too long\n$")
foreach(signal INT TERM)
  add_run_test(eventloop-basic.verb.echo.SIG${signal} STATUS 0
    STDOUT "^told to stop: 1 clients served, 1 of them still here\nthe loop is closed, with nothing left\n$"
    COMMAND bash ${here}/stop.bash ${signal} $<TARGET_FILE:eventloop-basic>)
endforeach()
add_run_test(eventloop-basic.verb.echo.port-in-use STATUS 1
  STDOUT "^listening on 127.0.0.1:[0-9]+\n$"
  STDERR "^eventloop-basic echo: listen on 127.0.0.1:[0-9]+: Address already in use\n$"
  COMMAND ${with_server} -- bash -c "exec \$0 echo --port \${1##*:}"
    $<TARGET_FILE:eventloop-basic> {})

add_verb_test(eventloop-basic help STATUS 0 ARGS --help STDOUT "blocking.*hello.*oneshot.*node.*loops.*echo.*chat.*bench")
add_verb_test(eventloop-basic echo.help STATUS 0 ARGS echo --help
  STDOUT "^Usage: eventloop-basic echo .*7007 by default")
add_verb_test(eventloop-basic no-such-verb STATUS 64 ARGS ecko
  STDERR "^eventloop-basic blocking: unexpected argument 'ecko'\n")
add_verb_test(eventloop-basic no-such-option STATUS 64 ARGS oneshot --twice
  STDERR "^eventloop-basic oneshot: unrecognized option '--twice'\n")
foreach(port 65536 -1 12x)
  add_verb_test(eventloop-basic echo.port.${port} STATUS 64 ARGS echo --port ${port}
    STDERR "^eventloop-basic echo: --port: '${port}' is not a number from 0 to 65535\n")
endforeach()

# test_echo.c decides when the server gets no memory.
target_link_options(eventloop-basic.echo PRIVATE LINKER:--wrap=calloc)
target_link_options(eventloop-basic.lines PRIVATE LINKER:--wrap=malloc LINKER:--wrap=realloc)

# chat: by hand, its bugs, its arguments.
add_run_test(eventloop-basic.verb.chat STATUS 0
  STDOUT "^bob got: from bob: am I in\\?\nann got: from ann: by a pipe\nbob got: from ann: by a pipe\nthe other bob got: ! this name is taken\ntold to stop: 1 are here\n2 lines said, 3 delivered, 0 clients cut off\nthe loop is closed, with nothing left\n$"
  STDERR "^eventloop-basic chat: talk to [0-9]+: Connection refused\n$"
  COMMAND bash ${here}/chat.bash $<TARGET_FILE:eventloop-basic>)
add_verb_test(eventloop-basic chat.two-writers STATUS 0 ARGS chat --bug two-writers
  STDOUT "^two writers, two writes a message:\nfrom ann: from bob: a long message\na long message\n"
  "queue:\nfrom ann: a long message\nfrom bob: a long message\nbetween two writes of a task others write: yes\n$")
add_verb_test(eventloop-basic chat.double-remove STATUS 0 ARGS chat --bug double-remove
  STDOUT "^removed by name, in two places:\n.*gets 0 messages\n.*gets 1 messages\n"
  "\nthe second removal hits whoever has the name by then: yes\n$")
add_verb_test(eventloop-basic chat.no-bug STATUS 64 ARGS chat --bug three-writers
  STDERR "^eventloop-basic chat: --bug: 'three-writers' is neither two-writers nor double-remove\n")
foreach(where nowhere 1.2.3:7 127.0.0.1:0 99999)
  add_verb_test(eventloop-basic chat.connect.${where} STATUS 64 ARGS chat --connect ${where}
    STDERR "^eventloop-basic chat: --connect: '${where}' is not \\[ADDRESS:\\]PORT\n$")
endforeach()

# kv and proxy.
set(kv_ends "told to stop\n1 loops are closed, with nothing left\n$")
add_run_test(eventloop-basic.verb.kv STATUS 0
  STDOUT "^one: ok\none: ok\ntwo: = (first|second|[0-9]+)\n${kv_ends}"
  COMMAND bash ${here}/kv.bash $<TARGET_FILE:eventloop-basic>)
add_run_test(eventloop-basic.verb.kv.serial STATUS 0
  STDOUT "^one: ok\none: ok\ntwo: = second\n${kv_ends}"
  COMMAND bash ${here}/kv.bash $<TARGET_FILE:eventloop-basic> --serial)
add_run_test(eventloop-basic.verb.kv.loops STATUS 0
  STDOUT "^one: ok\none: ok\ntwo: = (first|second|[0-9]+)\ntold to stop\n4 loops are closed, with nothing left\n$"
  COMMAND bash ${here}/kv.bash $<TARGET_FILE:eventloop-basic> --loops 4)
add_verb_test(eventloop-basic kv.hold STATUS 0 ARGS kv --bug hold
  STDOUT "A +waits, and keeps the lock\n.*B +waits for the lock: this thread has it, so for ever\n"
  "B +GET a: = 1\n.*\na lock kept across a wait stops the loop it needs: yes\n$")
add_verb_test(eventloop-basic kv.loops.0 STATUS 64 ARGS kv --loops 0
  STDERR "^eventloop-basic kv: --loops: '0' is not a number from 1 to 64\n")
add_verb_test(eventloop-basic kv.serial-loops STATUS 64 ARGS kv --loops 2 --serial
  STDERR "^eventloop-basic kv: --serial is for one loop\n")
add_run_test(eventloop-basic.verb.proxy STATUS 0
  STDOUT "^listening on 127.0.0.1:[0-9]+\nlistening on 127.0.0.1:[0-9]+\nhello\ntold to stop: 1 clients served, "
  COMMAND ${with_server} -- bash ${here}/proxy.bash $<TARGET_FILE:eventloop-basic> {})
add_verb_test(eventloop-basic proxy.to-nowhere STATUS 64 ARGS proxy
  STDERR "^eventloop-basic proxy: --to is missing: where to\\?\n")
add_verb_test(eventloop-basic proxy.to-name STATUS 64 ARGS proxy --to localhost:1
  STDERR "^eventloop-basic proxy: --to: 'localhost:1' is not \\[ADDRESS:\\]PORT\n")

# One story each: what it says is what it has checked.
add_verb_test(eventloop-basic hello STATUS 0 ARGS hello
  STDOUT "says nothing\n.*job runs\n.*nobody has joined it\n.*runs the loop\n.*hello\n.*joins the job\n"
  "\ncallbacks come only while the loop runs; nothing is left open\n$")
add_verb_test(eventloop-basic timers STATUS 0 ARGS timers
  STDOUT "a timer of 20 ms comes before one of 1 ms: yes; with uv_update_time: no\n"
  "\na sleep after work adds the work to each period: yes\n$")
add_verb_test(eventloop-basic join STATUS 0 ARGS join
  STDOUT "learn +ends\n.*sing +begins\n.*all have ended: well\njoined: the longest one is the time of all\n"
  "music +fails\n.*book +is cancelled\n.*shoes +is cancelled\n"
  "\nunder way at once: 1 one by one, 3 joined; 3 started, 1 finished, 2 cancelled after an error\n$")
add_verb_test(eventloop-basic select STATUS 0 ARGS select
  STDOUT "fixed order: 30 0 0 of 30\n.*in turn    : 10 10 10 of 30\n.*begun 3 times, ended 1 time, for number 6\n"
  "\nthe first one counts, the others are stopped, and each has its turn: yes\n$")
foreach(slice "" --slice=20000)
  add_verb_test(eventloop-basic hog${slice} STATUS 0 ARGS hog ${slice}
    STDOUT "^inline +worst gap +[0-9.]+ ms, the heart stands\n.*beats on\n.*beats on\nonly inline work stops the heart: yes\n$")
endforeach()
add_verb_test(eventloop-basic phases STATUS 0 ARGS phases
  STDOUT "three wakes, 1 callback; and says stop\n"
  "\none turn: timers pending idle prepare poll check closing \n"
  "\nwakes merge, a running job is not cancelled, a stopped turn ends: yes\n$")
add_verb_test(eventloop-basic node STATUS 0 ARGS node
  STDOUT "timer: 0 ms, the first\n.*timer: 0 ms, the second\n.*the file is read: hello from the file\n"
  "the job gives 196418\n" "the answer: HTTP/1.1 200 OK\n"
  "\nall came back to one thread, and the loop closed with nothing left\n$")
foreach(count 1 4)
  add_verb_test(eventloop-basic loops.${count} STATUS 0 ARGS loops --loops ${count}
    STDOUT "opens the gate\n.*loop-${count} +its future is done"
    "\neach loop ran its future on its own thread, and closed with nothing left: yes\n$")
endforeach()
add_verb_test(eventloop-basic loops.bridge STATUS 0 ARGS loops --bridge
  STDOUT "the square of 12, and got 144\n.*10001 questions, 10001 answers, by "
  "\nwakes may merge, and no question is lost: yes\n$")
set(threads "1 threads before, 5 after")
if(CMAKE_C_FLAGS MATCHES "-fsanitize=thread") # which has a thread of its own, sooner or later
  set(threads "[12] threads before, [56] after")
endif()
add_verb_test(eventloop-basic cat STATUS 0 ARGS cat ${here}/cat.txt STDOUT "^a line\nand half of one$"
  STDERR "^${threads}: files are read on the pool\n$")
add_verb_test(eventloop-basic cat.full STATUS 0 ARGS cat --full ${here}/cat.txt
  STDERR "4 jobs on 4 threads: the file has not come\n3 jobs on 4 threads: the file came first\n$"
  STDOUT "^a line\nand half of onea line\nand half of onea line\nand half of one$")
add_verb_test(eventloop-basic cat.no-file STATUS 1 ARGS cat /no-such-file
  STDERR "^eventloop-basic cat: open /no-such-file: No such file or directory\n$")
add_verb_test(eventloop-basic cat.directory STATUS 1 ARGS cat /
  STDERR "^eventloop-basic cat: read /: Is a directory\n$")
add_verb_test(eventloop-basic stream STATUS 0 ARGS stream
  STDOUT "\n3 odd squares, their sum is 35; 5 items produced, 1 under way at most\n$")
add_verb_test(eventloop-basic stream.limit STATUS 0 ARGS stream --limit 2
  STDOUT "\n3 odd squares, their sum is 35; 5 items produced, 2 under way at most\n$")
add_verb_test(eventloop-basic shutdown STATUS 0 ARGS shutdown
  STDOUT "tells everyone\n.*is cancelled\n.*still waits for: the deaf job\n"
  "\nall were told, one did not listen, and the loop closed with nothing left: yes\n$")
foreach(signal INT TERM)
  add_run_test(eventloop-basic.verb.shutdown.SIG${signal} STATUS 0
    STDOUT "\nall were told, one did not listen, and the loop closed with nothing left: yes\n$"
    COMMAND bash ${here}/shutdown.bash ${signal} $<TARGET_FILE:eventloop-basic>)
endforeach()
foreach(wrong "hog --slice 0" "loops --loops 0" "loops --loops 65" "stream --limit 0" "stream --limit 9" "cat a b"
    "hello x" "timers x" "join x" "select x" "phases x" "node x" "shutdown x")
  string(REPLACE " " ";" args ${wrong})
  string(REPLACE " " "." name ${wrong})
  list(GET args 0 verb)
  add_verb_test(eventloop-basic ${name} STATUS 64 ARGS ${args} STDERR "^eventloop-basic ${verb}: ")
endforeach()

# SIGINT at each wait of each verb: it ends in order, whatever was under way.
foreach(story blocking hello oneshot timers join select "hog --slice 20000" phases node loops "loops --bridge"
    cat "cat --full" "stream --limit 2" "kv --bug hold" "chat --bug two-writers")
  string(REPLACE " " ";" args ${story})
  string(REGEX REPLACE "[- ]+" "." name ${story})
  add_run_test(eventloop-basic.interrupt.${name} STATUS 0
    STDOUT "interrupted at each of its waits, which are [1-9][0-9]* in number\n$"
    COMMAND bash ${here}/interrupt.bash $<TARGET_FILE:eventloop-basic> ${args})
endforeach()

function(add_interrupted_server name steps)
  string(REPLACE "|" "\n" steps "${steps}")
  add_run_test(eventloop-basic.interrupt.${name} STATUS 0 STDOUT "interrupted at each of [1-9][0-9]* waits\n$"
    COMMAND bash ${here}/interrupt_server.bash $<TARGET_FILE:eventloop-basic> ${ARGN} -- "${steps}")
endfunction()
set(two_echoes "a>hello|a<hello|b>you|a>there|b<you|a<there")
add_interrupted_server(echo "${two_echoes}" echo)
add_interrupted_server(echo.line "${two_echoes}" echo --codec line)
add_interrupted_server(kv "a>SET x 1|a<ok|b>GET x|b<= 1|a>DEL x|a<ok|b>GET x|b<none" kv)
add_interrupted_server(kv.serial "a>SET x 1|a<ok|b>GET x|a>DEL x|a<ok" kv --serial)
add_interrupted_server(kv.loops "a>SET x 1|a<ok|b>GET x|b<= 1|a>DEL x|a<ok|b>GET x|b<none" kv --loops 3)
add_interrupted_server(chat "a>ann|a>ann: hi|a<from ann: hi|b>bob|b>ann, bob: you|a<from bob: you|b<from bob: you" chat)
add_interrupted_server(chat.room "a>ann|a>@ann: hi|a<from ann: hi|b>bob|a<* bob has come|b>hello|a<bob: hello" chat --room)
string(REPLACE "|" "\n" steps "${two_echoes}")
add_run_test(eventloop-basic.interrupt.proxy STATUS 0 STDOUT "interrupted at each of [1-9][0-9]* waits\n$"
  COMMAND ${with_server} -- bash ${here}/interrupt_server.bash $<TARGET_FILE:eventloop-basic> proxy --to {} -- "${steps}")
add_run_test(eventloop-basic.interrupt.chat.client STATUS 0 STDOUT "interrupted at each of [1-9][0-9]* waits\n$"
  COMMAND bash ${here}/../with_server.bash $<TARGET_FILE:eventloop-basic> chat --port 0
    -- bash ${here}/interrupt_client.bash $<TARGET_FILE:eventloop-basic> {})
