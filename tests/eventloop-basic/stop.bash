#!/usr/bin/env bash
# Stops an echo server while a client is connected, and shows what it prints.
#
#   stop.bash SIGNAL PROGRAM
#
# The exit status is the server's. It must also ignore SIGPIPE: a client that is
# gone may not end it.
set -u
coproc SERVER { exec "$2" echo --port 0; }
pid=$SERVER_PID
exec 4<&"${SERVER[0]}" # bash closes its own when the server has ended
read -r line <&4
where=${line#listening on }

exec 3<>"/dev/tcp/${where%:*}/${where##*:}"
printf 'hello\n' >&3
read -r _ <&3 # accepted, for it has answered

ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$pid/status")
(((16#$ignored >> 12) & 1)) || echo "SIGPIPE is not ignored" >&2 # number 13

kill -"$1" "$pid"
cat <&4
wait "$pid"
