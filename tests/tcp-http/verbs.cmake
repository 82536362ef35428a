# tcp-http, as its user sees it.

# Who speaks the dialogues in cases/ also reads them.
foreach(test cases dialogues)
  target_sources(tcp-http.${test} PRIVATE tcp-http/cases.c)
  target_compile_definitions(tcp-http.${test} PRIVATE
    CASES_FOLDER="${CMAKE_CURRENT_SOURCE_DIR}/tcp-http/cases")
endforeach()

# Memory that is missing on cue.
target_link_options(tcp-http.exchange PRIVATE LINKER:--wrap=mmap,--wrap=realloc)
target_link_options(tcp-http.workers PRIVATE LINKER:--wrap=pthread_create)
target_link_options(tcp-http.abuse PRIVATE LINKER:--wrap=mmap,--wrap=calloc,--wrap=realloc
  LINKER:--wrap=accept4,--wrap=epoll_ctl,--wrap=epoll_wait,--wrap=recv,--wrap=send)

# The text without the processor's own instruction (scan.h).
add_executable(tcp-http.text_portable tcp-http/test_text.c ../tcp-http/text.c ../tcp-http/scan.c)
target_include_directories(tcp-http.text_portable PRIVATE ../tcp-http)
target_compile_definitions(tcp-http.text_portable PRIVATE _GNU_SOURCE)
target_compile_options(tcp-http.text_portable PRIVATE -U__SSE2__)
target_compile_features(tcp-http.text_portable PRIVATE c_std_11)
target_link_libraries(tcp-http.text_portable PRIVATE PkgConfig::CMOCKA)
add_test(NAME tcp-http.text_portable COMMAND tcp-http.text_portable)
set_tests_properties(tcp-http.text_portable PROPERTIES TIMEOUT 300 LABELS unit)

# Any bytes at all. Everywhere the kept inputs are read once more; with -DFUZZ=ON (clang)
# these programs look for new ones.
option(FUZZ "link the fuzzers to libFuzzer" OFF)
foreach(fuzzed request connection)
  add_executable(tcp-http.fuzz_${fuzzed} tcp-http/fuzz_${fuzzed}.c)
  target_link_libraries(tcp-http.fuzz_${fuzzed} PRIVATE tcp-http-core)
  if(FUZZ)
    target_compile_options(tcp-http-core PRIVATE -fsanitize=fuzzer-no-link)
    target_compile_options(tcp-http.fuzz_${fuzzed} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(tcp-http.fuzz_${fuzzed} PRIVATE -fsanitize=fuzzer)
    continue()
  endif()
  target_sources(tcp-http.fuzz_${fuzzed} PRIVATE tcp-http/fuzz_replay.c)
  add_test(NAME tcp-http.fuzz_${fuzzed} COMMAND tcp-http.fuzz_${fuzzed}
    ${CMAKE_CURRENT_SOURCE_DIR}/tcp-http/corpus/${fuzzed})
  set_tests_properties(tcp-http.fuzz_${fuzzed} PROPERTIES TIMEOUT 300 LABELS unit)
endforeach()

# A server on a port of its own choosing, a client, and a stop by SIGTERM.
function(add_server_test name)
  cmake_parse_arguments(PARSE_ARGV 1 server "" "STATUS;STDERR" "SERVER;CLIENT;STDOUT")
  add_run_test(tcp-http.verb.${name} STATUS ${server_STATUS} STDERR ${server_STDERR}
    STDOUT ${server_STDOUT}
    COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/with_server.bash
      $<TARGET_FILE:tcp-http> ${server_SERVER} -- ${server_CLIENT})
endfunction()

set(listening "^listening on http://127.0.0.1:[0-9]+/\n")
set(get $<TARGET_FILE:tcp-http> get)

foreach(verb serve mhd)
  add_server_test(${verb} STATUS 0 SERVER ${verb} --port 0 CLIENT ${get} {}
    STDOUT "${listening}hello\n$")
  add_server_test(${verb}.include STATUS 0 SERVER ${verb} -p0 CLIENT ${get} --include {}
    STDOUT "${listening}HTTP/1.1 200 OK\r\n" "\r\n\r\nhello\n$" "\nContent-Type: text/html\r\n"
    "\nContent-Length: 6\r\n" "\nDate: [A-Z][a-z][a-z], [0-9][0-9] ")
  add_server_test(${verb}.not-found STATUS 1 SERVER ${verb} --port 0 CLIENT ${get} {}nothing
    STDOUT "${listening}404 Not Found\n$"
    STDERR "^tcp-http get: get http://127.0.0.1:[0-9]+/nothing: the answer is 404\n$")
  # The port is taken: one line, and exit status 1.
  add_server_test(${verb}.port-in-use STATUS 1 SERVER serve --port 0 STDOUT "${listening}$"
    CLIENT bash -c "port=\${1##*:} && exec $<TARGET_FILE:tcp-http> ${verb} --port \${port%/}" - {}
    STDERR "^tcp-http ${verb}: listen on port [0-9]+: Address already in use\n$")
  add_verb_test(tcp-http ${verb}.help STATUS 0 ARGS ${verb} --help
    STDOUT "^Usage: tcp-http ${verb} .*--port=PORT.*8080")
  add_verb_test(tcp-http ${verb}.bad-port STATUS 64 ARGS ${verb} --port 65536
    STDERR "^tcp-http ${verb}: port: '65536' is not a number from 0 to 65535\n")
  add_run_test(tcp-http.verb.${verb}.full-disk STATUS 1
    STDERR "^tcp-http ${verb}: write to standard output: No space left on device\n$"
    COMMAND sh -c "\"$0\" ${verb} --port 0 >/dev/full" $<TARGET_FILE:tcp-http>)
endforeach()

# What only ours can do.
function(add_page_test name path body)
  add_server_test(serve.${name} STATUS 0 SERVER serve --port 0 CLIENT ${get} {}${path}
    STDOUT "${listening}${body}$")
endfunction()
add_page_test(plaintext plaintext "Hello, World!")
add_page_test(json json "{\"message\":\"Hello, World!\"}")
add_page_test(sleep sleep?ms=1 "slept\n")
add_page_test(status status "{\"threads\":1,\"connections\":1,\"accepted\":1,\"requests\":0,.*}\n")
add_server_test(serve.threads STATUS 0 SERVER serve --port 0 --threads 3 --max-conns 2 CLIENT ${get} {}status
  STDOUT "${listening}{\"threads\":3,")
add_server_test(serve.root STATUS 0 SERVER serve --port 0 --root ${CMAKE_CURRENT_SOURCE_DIR}/tcp-http/cases
  CLIENT ${get} {}README STDOUT "${listening}What a client says and what it must hear:.*$")
add_server_test(serve.any-address STATUS 0 SERVER serve --port 0 --address 0.0.0.0 CLIENT true
  STDOUT "^listening on http://0.0.0.0:[0-9]+/\n$")
add_verb_test(tcp-http serve.bad-root STATUS 1 ARGS serve --port 0 --root /nowhere
  STDERR "^tcp-http serve: start a server for /nowhere: No such file or directory\n$")
add_verb_test(tcp-http serve.bad-address STATUS 1 ARGS serve --port 0 --address localhost
  STDERR "^tcp-http serve: 'localhost' is no IPv4 or IPv6 address\n$")
add_verb_test(tcp-http serve.bad-drain STATUS 64 ARGS serve --drain 0
  STDERR "^tcp-http serve: drain: '0' is not a number from 1 to 86400\n")

add_verb_test(tcp-http serve.emfile STATUS 0 ARGS serve --bug emfile
  STDOUT "^spin +10000 wakes in .* ms, and nobody was served\n"
  "\nserve +[0-9][0-9]? wakes in .* ms, then there was a descriptor, and an answer\n$")
add_verb_test(tcp-http serve.bad-bug STATUS 64 ARGS serve --bug enfile
  STDERR "^tcp-http serve: --bug: 'enfile' is not emfile\n")
add_run_test(tcp-http.verb.serve.second-signal STATUS 130
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/tcp-http/second_signal.bash $<TARGET_FILE:tcp-http>)
add_run_test(tcp-http.verb.serve.stopped STATUS 0 STDOUT "^hello\nHTTP/1.1 200 OK\r\n.*\nhello\n$"
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/tcp-http/stopped.bash $<TARGET_FILE:tcp-http>)

# Without a verb the line goes to serve.
add_server_test(default STATUS 0 SERVER --port 0 CLIENT ${get} {} STDOUT "${listening}hello\n$")
# Two at once, each on its own port.
add_server_test(two-at-once STATUS 0 SERVER --port 0
  CLIENT bash ${CMAKE_CURRENT_SOURCE_DIR}/with_server.bash $<TARGET_FILE:tcp-http> --port 0 -- ${get} {}
  STDOUT "${listening}listening on http://127.0.0.1:[0-9]+/\nhello\n$")

# The first steps. Their client says what it is told, half-closes, and listens.
add_executable(tcp-http.say tcp-http/say.c)
target_link_libraries(tcp-http.say PRIVATE tcp-http-core)
set(greeting "^listening on 127.0.0.1:[0-9]+\n")
add_server_test(discard STATUS 0 SERVER discard --port 0
  CLIENT $<TARGET_FILE:tcp-http.say> http://{} STDOUT "${greeting}$")
add_server_test(count STATUS 0 SERVER count --port 0
  CLIENT $<TARGET_FILE:tcp-http.say> http://{} "how many?" STDOUT "${greeting}9\n$")
add_server_test(count.nothing STATUS 0 SERVER count --port 0
  CLIENT $<TARGET_FILE:tcp-http.say> http://{} STDOUT "${greeting}0\n$")
# One that says nothing for now keeps nobody waiting.
add_server_test(count.two-at-once STATUS 0 SERVER count --port 0
  CLIENT bash -c "exec 3<>/dev/tcp/\${1/://} && echo -n ab >&3 && $<TARGET_FILE:tcp-http.say> http://$1 abc" - {}
  STDOUT "${greeting}3\n$")
foreach(verb discard count)
  add_verb_test(tcp-http ${verb}.bad-port STATUS 64 ARGS ${verb} -p x
    STDERR "^tcp-http ${verb}: port: 'x' is not a number from 0 to 65535\n")
  add_verb_test(tcp-http ${verb}.help STATUS 0 ARGS ${verb} --help
    STDOUT "^Usage: tcp-http ${verb} .*--port=PORT.*8080")
  add_run_test(tcp-http.verb.${verb}.full-disk STATUS 1
    STDERR "^tcp-http ${verb}: write to standard output: No space left on device\n$"
    COMMAND sh -c "\"$0\" ${verb} --port 0 >/dev/full" $<TARGET_FILE:tcp-http>)
  add_server_test(${verb}.port-in-use STATUS 1 SERVER serve --port 0 STDOUT "${listening}$"
    CLIENT bash -c "port=\${1##*:} && exec $<TARGET_FILE:tcp-http> ${verb} --port \${port%/}" - {}
    STDERR "^tcp-http ${verb}: listen on port [0-9]+: Address already in use\n$")
endforeach()

# SIGINT ends each as SIGTERM does. (A shell starts others with it ignored.)
foreach(verb serve mhd discard count)
  add_run_test(tcp-http.verb.${verb}.interrupt STATUS 0 COMMAND bash -c
    "coproc exec env --default-signal=INT $0 ${verb} -p0 && pid=$COPROC_PID && read -r line <&\${COPROC[0]} && kill -INT $pid && wait $pid"
    $<TARGET_FILE:tcp-http>)
endforeach()

add_verb_test(tcp-http get.nobody STATUS 1 ARGS get http://127.0.0.1:1/
  STDERR "^tcp-http get: get http://127.0.0.1:1/: Connection refused\n$")
add_verb_test(tcp-http get.bad-url STATUS 64 ARGS get ftp://127.0.0.1/
  STDERR "^tcp-http get: 'ftp://127.0.0.1/' is not http://ADDRESS")
add_verb_test(tcp-http get.no-url STATUS 64 ARGS get STDERR "^tcp-http get: a URL is missing\n")
add_verb_test(tcp-http get.two-urls STATUS 64 ARGS get http://127.0.0.1/ http://127.0.0.1/
  STDERR "^tcp-http get: unexpected argument 'http://127.0.0.1/'\n")
add_verb_test(tcp-http get.bad-max STATUS 64 ARGS get --max -1 http://127.0.0.1/
  STDERR "^tcp-http get: max: '-1' is not a number from 0 to ")
add_verb_test(tcp-http get.help STATUS 0 ARGS get --help
  STDOUT "^Usage: tcp-http get " "--include" "--head" "--max=BYTES")
add_server_test(get.head STATUS 0 SERVER --port 0 CLIENT ${get} -I {}
  STDOUT "${listening}HTTP/1.1 200 OK\r\n.*Content-Length: 6\r\nConnection: close\r\n\r\n$")
add_server_test(get.too-long STATUS 1 SERVER --port 0 CLIENT ${get} --max 5 {} STDOUT "${listening}$"
  STDERR "^tcp-http get: get http://127.0.0.1:[0-9]+/: Message too long\n$")
add_server_test(get.full-disk STATUS 1 SERVER --port 0 STDOUT "${listening}$"
  CLIENT sh -c "$<TARGET_FILE:tcp-http> get $0 >/dev/full" {}
  STDERR "^tcp-http get: write to standard output: No space left on device\n$")

add_verb_test(tcp-http parse STATUS 0 ARGS parse STDOUT "^more     POST /echo[?]n=1 H\nmore "
  "\ndone     d.r.n.r.n\nmethod   POST\npath     /echo\nquery    n=1\nversion  1.1\n"
  "\nbody     hello, world\n$")
add_verb_test(tcp-http parse.every-split STATUS 0 ARGS parse --every-split
  STDOUT "^133 bytes, cut in two at each of 132 places, always mean:\nmethod   POST\n")
add_run_test(tcp-http.verb.parse.refused STATUS 0
  STDOUT "^bad      GET /a b HTTP/1.1.r.n.r.n\nanswer   400, and close\n$"
  COMMAND sh -c "printf 'GET /a b HTTP/1.1\\r\\n\\r\\n' | \"$0\" parse --pieces 99 -" $<TARGET_FILE:tcp-http>)
add_verb_test(tcp-http parse.no-file STATUS 1 ARGS parse /nowhere
  STDERR "^tcp-http parse: open /nowhere: No such file or directory\n$")
add_verb_test(tcp-http parse.bad-pieces STATUS 64 ARGS parse --pieces 0
  STDERR "^tcp-http parse: pieces: '0' is not a number from 1 to 32768\n")
add_verb_test(tcp-http parse.two-files STATUS 64 ARGS parse a b
  STDERR "^tcp-http parse: unexpected argument 'b'\n")

foreach(mode internal pool connection external)
  add_server_test(mhd.${mode} STATUS 0 SERVER mhd -p0 --threads ${mode} CLIENT ${get} {}json
    STDOUT "${listening}{\"message\":\"Hello, World!\"}$")
endforeach()
add_verb_test(tcp-http mhd.bad-threads STATUS 64 ARGS mhd --threads many
  STDERR "^tcp-http mhd: threads: 'many' is none of the four\n")

add_verb_test(tcp-http states STATUS 0 ARGS states
  STDOUT "^in  .*\nIDLE +HEAD +CLOSED +CLOSED +- +CLOSED +\nHEAD +IDLE +CLOSED +LAST +- +HEAD"
  "\nSLEEP +- +- +IDLE +- +SLEEP +\nSEND +- +- +CLOSED +IDLE +SEND" "takes its answer: 408 +LINGER +linger"
  "\n21.5 s  does not close +CLOSED +close *\n$")
add_verb_test(tcp-http states.argument STATUS 64 ARGS states IDLE
  STDERR "^tcp-http states: unexpected argument 'IDLE'\n")

set(ms "[0-9]+[.][0-9]+ ms")
add_verb_test(tcp-http slow STATUS 0 ARGS slow STDOUT
  "^serial +/ waited +[3-9][0-9][0-9][.].* ms\nthreads +/ waited +${ms}\nconcurrent +/ waited +${ms}\n$")
add_verb_test(tcp-http slow.how STATUS 0 ARGS slow --how concurrent
  STDOUT "^concurrent +/ waited +${ms}\n$")
add_verb_test(tcp-http slow.bad-how STATUS 64 ARGS slow --how fast
  STDERR "^tcp-http slow: how: 'fast' is not serial, threads or concurrent\n")

add_verb_test(tcp-http workers STATUS 0 ARGS workers --workers 3 --requests 6 STDOUT
  " thread [0-9]+ +handles request 6 for 50 ms\n" " loop +answers request 6\n"
  "\n6 requests of 50 ms on 3 workers; the loop woke [0-9]+ times, and never blocked\n$")
add_verb_test(tcp-http workers.none STATUS 64 ARGS workers --workers 0
  STDERR "^tcp-http workers: workers: '0' is not a number from 1 to 64\n")

add_verb_test(tcp-http bench STATUS 0 ARGS bench --csv
  STDOUT "^name,median ns,least,most,ratio\n\"request, this server\",[0-9.]+,[0-9.]+,[0-9.]+,1.000\n"
  "\n\"request, libmicrohttpd\"," "\n\"head of 45 bytes\",")
add_server_test(bench.url STATUS 0 SERVER --port 0
  CLIENT $<TARGET_FILE:tcp-http> bench --duration 1 --pipeline 4 --threads 2 {}
  STDOUT "${listening}[0-9]+ answers in [0-9.]+ s: [0-9]+ a second, [0-9.]+ MiB a second\n"
  "\nlatency  p50 [0-9]+ us  p90 [0-9]+ us  p99 [0-9]+ us  p99.9 [0-9]+ us  most [0-9]+ us\n$")
add_server_test(bench.rate STATUS 0 SERVER --port 0
  CLIENT $<TARGET_FILE:tcp-http> bench -d 1 --rate 200 {} STDOUT "\nlatency .* us  \\(since due\\)\n")
add_server_test(bench.not-found STATUS 1 SERVER --port 0
  CLIENT $<TARGET_FILE:tcp-http> bench -d 1 {}nothing STDOUT "\nlatency "
  STDERR "^tcp-http bench: load http://[0-9.:]+/nothing: [0-9]+ answers of 400 and more\n$")
add_verb_test(tcp-http bench.nobody STATUS 1 ARGS bench http://127.0.0.1:1/
  STDERR "^tcp-http bench: load http://127.0.0.1:1/: Connection refused\n$")
add_verb_test(tcp-http bench.bad-url STATUS 64 ARGS bench https://127.0.0.1/
  STDERR "^tcp-http bench: 'https://127.0.0.1/' is not http://ADDRESS")
add_verb_test(tcp-http bench.too-many-threads STATUS 64 ARGS bench -c 2 -t 3
  STDERR "^tcp-http bench: more threads than connections\n")
foreach(option rate duration)
  add_verb_test(tcp-http bench.${option}-without-url STATUS 64 ARGS bench --${option} 5
    STDERR "^tcp-http bench: duration and rate are for a URL\n")
endforeach()
add_verb_test(tcp-http bench.csv-with-url STATUS 64 ARGS bench --csv http://127.0.0.1:1/
  STDERR "^tcp-http bench: csv is for a bench without a URL\n")
add_verb_test(tcp-http bench.bad-rate STATUS 64 ARGS bench --rate 0 http://127.0.0.1/
  STDERR "^tcp-http bench: rate: '0' is not a number from 1 to ")
add_verb_test(tcp-http bench.help STATUS 0 ARGS bench --help
  STDOUT "^Usage: tcp-http bench .*--connections=N.*--pipeline=N.*--duration=SECONDS.*--rate=R")

add_verb_test(tcp-http help STATUS 0 ARGS --help STDOUT "serve.*parse.*get.*mhd.*bench")
add_verb_test(tcp-http no-such-verb STATUS 64 ARGS severe
  STDERR "^tcp-http serve: unexpected argument 'severe'\n")
add_verb_test(tcp-http no-such-option STATUS 64 ARGS serve --prot 1
  STDERR "^tcp-http serve: unrecognized option '--prot'\n")

# What the tests replace: the kernel refuses on cue.
target_link_options(tcp-http.files PRIVATE LINKER:--wrap=syscall LINKER:--wrap=openat)
target_link_options(tcp-http.client PRIVATE LINKER:--wrap=recv LINKER:--wrap=send)
target_link_options(tcp-http.load PRIVATE LINKER:--wrap=calloc LINKER:--wrap=malloc
  LINKER:--wrap=socket LINKER:--wrap=epoll_create1 LINKER:--wrap=timerfd_create
  LINKER:--wrap=clock_gettime LINKER:--wrap=timerfd_settime)
