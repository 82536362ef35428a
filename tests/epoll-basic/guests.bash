#!/usr/bin/env bash
# Guests of `tcp --listen`: all come, and only then does each hear, speak and go.
#
#   guests.bash HOST:PORT COUNT
set -eu
host=${1%:*} port=${1#*:}
guests=()
for ((i = 0; i < $2; i++)); do
    exec {guest}<>"/dev/tcp/$host/$port"
    guests+=("$guest")
done
heard=0
for guest in "${guests[@]}"; do
    read -r -t 30 -u "$guest" line
    [ "$line" = "Hello. Say something." ] && heard=$((heard + 1))
    printf 'my pleasure\n' >&"$guest"
    exec {guest}>&-
done
echo "$heard of $2 were greeted"
