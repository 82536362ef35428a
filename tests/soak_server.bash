#!/usr/bin/env bash
# A server under a crowd for SOAK_SECONDS (600): in the end it has the memory and
# the descriptors that it had after the first tenth, and stops when told to.
#
#   soak_server.bash CLIENT TEXT SERVER [ARGUMENT...]
#
# TEXT is what each client says; see soak_client.c.
set -eu
client=$1 text=$(printf '%b' "$2"; printf x)
text=${text%x} # the last line's end stays
shift 2
seconds=${SOAK_SECONDS:-600}

coproc SERVER { exec "$@"; }
pid=$SERVER_PID
trap 'kill -KILL "$pid" 2>/dev/null || true' EXIT
exec {from_server}<&"${SERVER[0]}"
read -r line <&"$from_server"
port=${line##*:}
cat <&"$from_server" >/dev/null & # so that it never waits for us

crowd_for() {
    "$client" "$port" "$text" &
    local crowd=$!
    sleep "$1"
    kill -TERM "$crowd" 2>/dev/null || true
    wait "$crowd"
}

# Its descriptors, once there are no more than $1 of them; or after 30 s.
descriptors() {
    local now tries
    for ((tries = 0; tries < 300; tries++)); do
        now=$(ls "/proc/$pid/fd" | wc -l)
        [ "$now" -le "$1" ] && break
        sleep 0.1
    done
    echo "$now"
}
memory() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"; }

open_first=$(descriptors 1000000)
crowd_for $(((seconds + 9) / 10))
open_before=$(descriptors "$open_first") memory_before=$(memory)
crowd_for "$seconds"
open_after=$(descriptors "$open_before") memory_after=$(memory)
echo "descriptors: $open_first at first, then $open_before and $open_after; memory: $memory_before, then $memory_after KiB"

kill -TERM "$pid"
wait "$pid"
[ "$open_before" -eq "$open_first" ] && [ "$open_after" -eq "$open_first" ]
[ "$memory_after" -le $((memory_before + 512)) ]
