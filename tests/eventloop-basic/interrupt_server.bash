#!/usr/bin/env bash
# Interrupts a server by SIGINT at its first wait, its second, ... while two
# clients talk to it, until it has served them before the interrupt: each time it
# must close its loop with nothing left, and end well.
#
#   interrupt_server.bash PROGRAM VERB [ARGUMENT...] -- SCRIPT
#
# SCRIPT: lines "CLIENT>words" (a client says) and "CLIENT<words" (it is told).
# The client's first line connects it; it leaves at the end. Who is told nothing,
# or something else, was interrupted: the session is over.
set -u
trap '' PIPE # the server may just have gone
server=() steps=()
while [ "$1" != -- ]; do
    server+=("$1")
    shift
done
mapfile -t steps <<<"$2"

talk() { # port
    local -A fd=()
    local step client line
    for step in "${steps[@]}"; do
        client=${step%%[<>]*}
        [ -n "${fd[$client]-}" ] || exec {fd[$client]}<>"/dev/tcp/127.0.0.1/$1" || return
        if [[ $step == "$client>"* ]]; then
            printf '%s\n' "${step#*>}" >&"${fd[$client]}" || return
        else
            IFS= read -r line <&"${fd[$client]}" && [ "$line" = "${step#*<}" ] || return
        fi
    done
}

wait=0 served=false
while ! $served; do
    wait=$((wait + 1))
    coproc SERVER { EVENTLOOP_INTERRUPT=$wait exec "${server[@]}" --port 0 2>&1; }
    pid=$SERVER_PID
    exec 4<&"${SERVER[0]}"
    read -r line <&4
    if (talk "${line##*:}") 2>/dev/null; then
        served=true
        kill -TERM "$pid" 2>/dev/null
    fi
    said=$(cat <&4)
    wait "$pid"
    status=$?
    # Served, and interrupted after that: the second signal may find it gone (143).
    $served && [ "$status" = 143 ] && break
    if [ "$status" != 0 ] || [[ $said != *"closed, with nothing left" ]]; then
        echo "interrupted at wait $wait: status $status: $said" >&2
        exit 1
    fi
done
echo "${server[1]}: interrupted at each of $((wait - 1)) waits"
