#!/usr/bin/env bash
# A request sleeps for a minute, and the server has been asked to stop: it waits.
# Asked again, it ends at once, by the signal. Exits as the server does.
#
#   second_signal.bash TCP-HTTP
set -u

# This shell starts others with SIGINT ignored, which a terminal does not.
coproc SERVER { exec env --default-signal=INT "$1" serve --port 0 --drain 60; }
pid=$SERVER_PID
read -r line <&"${SERVER[0]}" || exit 1
url=${line#listening on } port=${line##*:}
port=${port%/}

exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /sleep?ms=60000 HTTP/1.1\r\nHost: localhost\r\n\r\n' >&3
until "$1" get "${url}status" | grep -q '"sleeping":1'; do :; done
kill -INT "$pid"
# Who is refused knows that the first signal has been heard.
while (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
kill -INT "$pid"
wait "$pid"
