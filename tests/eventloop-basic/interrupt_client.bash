#!/usr/bin/env bash
# Interrupts a chat client by SIGINT at its first wait, its second, ... until it
# has heard what it said before the interrupt: each time it must end well.
#
#   interrupt_client.bash PROGRAM ADDRESS:PORT
set -u
wait=0 heard=""
while [ "$heard" != "from ann$wait: hi" ]; do
    wait=$((wait + 1)) # a name of its own: the server may not know yet that the last has gone
    heard=$(printf 'ann%d\nann%d: hi\n' $wait $wait | EVENTLOOP_INTERRUPT=$wait "$1" chat --connect "$2" 2>&1)
    status=$?
    if [ "$status" != 0 ]; then
        echo "interrupted at wait $wait: status $status: $heard" >&2
        exit 1
    fi
done
echo "chat: a client interrupted at each of $((wait - 1)) waits"
