#!/usr/bin/env bash
# Says a word to an echo server by way of a proxy.
#
#   proxy.bash PROGRAM ADDRESS:PORT
set -u
coproc PROXY { exec "$1" proxy --port 0 --to "$2"; }
proxy=$PROXY_PID
exec 4<&"${PROXY[0]}"
read -r line <&4
echo "$line"
bash "$(dirname "$0")/talk.bash" "${line#listening on }" hello
kill -TERM "$proxy"
cat <&4
wait "$proxy"
