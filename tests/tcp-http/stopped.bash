#!/usr/bin/env bash
# The server is stopped while it waits, asked meanwhile, and goes on: it answers. What
# it waits in has failed with EINTR (signal(7), "Interruption of system calls").
#
#   stopped.bash TCP-HTTP
set -u
coproc SERVER { exec "$1" serve --port 0; }
pid=$SERVER_PID
read -r line <&"${SERVER[0]}" || exit 1
port=${line##*:}
# Once it has answered, all it does is wait.
"$1" get "${line##* }" || exit 1
kill -STOP "$pid"
exec 3<>"/dev/tcp/127.0.0.1/${port%/}"
printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
kill -CONT "$pid"
cat <&3
exec 3<&-
kill -TERM "$pid"
wait "$pid"
