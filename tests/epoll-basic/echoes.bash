#!/usr/bin/env bash
# Clients of `reactor --listen`: all come and speak, and only then does each
# hear, one after the other, and leave.
#
#   echoes.bash HOST:PORT COUNT
set -eu
host=${1%:*} port=${1#*:}
guests=()
for ((i = 0; i < $2; i++)); do
    exec {guest}<>"/dev/tcp/$host/$port"
    guests+=("$guest")
    printf 'guest %d\n' "$i" >&"$guest"
done
came_back=0
for i in "${!guests[@]}"; do
    guest=${guests[i]}
    read -r -t 30 -u "$guest" line
    [ "$line" = "guest $i" ] && came_back=$((came_back + 1))
    exec {guest}>&-
done
echo "$came_back of $2 came back"
