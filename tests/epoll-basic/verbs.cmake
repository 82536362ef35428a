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

add_verb_test(epoll-basic bench STATUS 0 ARGS bench --csv
  STDOUT "^name,median ns,least,most,ratio\n" "\npoller_wait\\(\\)," "\nreregister,")
add_verb_test(epoll-basic help STATUS 0 ARGS --help STDOUT "connect.*bench")
add_verb_test(epoll-basic connect.help STATUS 0 ARGS connect --help
  STDOUT "^Usage: epoll-basic connect .*HOST:PORT")
add_verb_test(epoll-basic no-such-verb STATUS 64 ARGS conect
  STDERR "^epoll-basic connect: 'conect' is not an address like 127\\.0\\.0\\.1:80\n")
add_verb_test(epoll-basic no-such-port STATUS 64 ARGS connect 127.0.0.1:65536
  STDERR "^epoll-basic connect: '127\\.0\\.0\\.1:65536' is not an address")
add_verb_test(epoll-basic two-addresses STATUS 64 ARGS connect 127.0.0.1:1 127.0.0.1:2
  STDERR "^epoll-basic connect: unexpected argument '127\\.0\\.0\\.1:2'\n")
add_verb_test(epoll-basic no-such-option STATUS 64 ARGS bench --rounds
  STDERR "^epoll-basic bench: unrecognized option '--rounds'\n")

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
