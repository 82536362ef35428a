#!/usr/bin/env bash
# Two clients at once of a kv server; then it is told to stop.
#
#   kv.bash PROGRAM [OPTION...]
#
# With --serial the second is not answered before the first has gone.
set -u
coproc SERVER { exec "$1" kv --port 0 "${@:2}"; }
server=$SERVER_PID
exec 4<&"${SERVER[0]}"
read -r line <&4
port=${line##*:}

exec 5<>"/dev/tcp/127.0.0.1/$port"
echo "SET a first" >&5
read -r line <&5 && echo "one: $line"
exec 6<>"/dev/tcp/127.0.0.1/$port"
echo "GET a" >&6
for i in {1..20} second; do # the other one has time to be answered too soon
    echo "SET a $i" >&5
    read -r line <&5
done
echo "one: $line"
if [ "${2-}" = --serial ]; then
    exec 5<&- # and has gone
fi
read -r line <&6 && echo "two: $line"

kill -TERM "$server"
cat <&4
wait "$server"
