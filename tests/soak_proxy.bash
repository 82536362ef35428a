#!/usr/bin/env bash
# A proxy, and behind it an echo server that ends when the proxy does.
#
#   soak_proxy.bash PROGRAM
set -eu
coproc ECHO { exec setpriv --pdeathsig KILL "$1" echo --port 0; }
read -r line <&"${ECHO[0]}"
exec "$1" proxy --port 0 --to "${line##*:}"
