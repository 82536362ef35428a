# By hand: ctest -C soak -L soak. Each server under a crowd and each stress again
# and again, for SOAK_SECONDS (600). (.ci/run full: for two, to see that it can.)
add_executable(soak_client soak_client.c)
target_compile_definitions(soak_client PRIVATE _GNU_SOURCE)
target_compile_options(soak_client PRIVATE -Wall -Wextra)

function(add_soak name)
  add_test(NAME soak.${name} CONFIGURATIONS soak COMMAND bash ${ARGN})
  set_tests_properties(soak.${name} PROPERTIES LABELS soak TIMEOUT 7200)
endfunction()

# add_soak_server(name what-each-client-says directory verb [argument...])
function(add_soak_server name text directory)
  add_soak(server.${name} ${CMAKE_CURRENT_SOURCE_DIR}/soak_server.bash $<TARGET_FILE:soak_client>
    "${text}" $<TARGET_FILE:${directory}> ${ARGN})
endfunction()
set(get "GET / HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n")
add_soak_server(greenthreads.io "hello\\n" greenthreads io --listen 0)
add_soak_server(epoll-basic.tcp "hello\\n" epoll-basic tcp --listen 0)
add_soak_server(epoll-basic.reactor "hello\\n" epoll-basic reactor --listen 0)
add_soak_server(epoll-basic.delay "%\\n" epoll-basic delay --listen 0)
add_soak_server(eventloop-basic.echo "hello\\n" eventloop-basic echo --port 0)
add_soak(server.eventloop-basic.proxy ${CMAKE_CURRENT_SOURCE_DIR}/soak_server.bash
  $<TARGET_FILE:soak_client> "hello\\n"
  bash ${CMAKE_CURRENT_SOURCE_DIR}/soak_proxy.bash $<TARGET_FILE:eventloop-basic>)
add_soak_server(eventloop-basic.kv "SET k% v\\nGET k%\\n" eventloop-basic kv --port 0)
add_soak_server(eventloop-basic.chat "n%\\nn%: hello\\n" eventloop-basic chat --port 0)
add_soak_server(tcp-http.discard "hello\\n" tcp-http discard --port 0)
add_soak_server(tcp-http.count "hello\\n$" tcp-http count --port 0)
add_soak_server(tcp-http.serve ${get} tcp-http serve --port 0)
add_soak_server(tcp-http.serve.threads ${get} tcp-http serve --port 0 --threads 2)
add_soak_server(tcp-http.mhd ${get} tcp-http mhd --port 0)

foreach(stress
    threads-demo.channel_stress threads-demo.channel_history threads-demo.lock threads-demo.pool
    scoped-demo.deque scoped-demo.pool scoped-demo.join scoped-demo.scope
    threadpool-julia.render greenthreads.runtime greenthreads.io
    epoll-basic.waker epoll-basic.executor epoll-basic.reactor
    eventloop-basic.task eventloop-basic.chat tcp-http.workers tcp-http.abuse)
  add_soak(again.${stress} ${CMAKE_CURRENT_SOURCE_DIR}/soak_again.bash $<TARGET_FILE:${stress}>)
endforeach()
