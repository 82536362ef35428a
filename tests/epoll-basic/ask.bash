#!/usr/bin/env bash
# Asks `delay --listen`: sends TEXT, and prints what comes until the end.
#
#   ask.bash HOST:PORT TEXT
set -eu
exec {server}<>"/dev/tcp/${1%:*}/${1#*:}"
printf '%b' "$2" >&"$server"
timeout 30 cat <&"$server"
echo "closed"
