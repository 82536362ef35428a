#!/usr/bin/env bash
# Interrupts a story by SIGINT at its first wait, its second, ... until it ends
# before the interrupt: each time it must say so, with its loops closed. (Under
# a load two runs may wait a different number of times: so the end is believed
# when it is seen twice.)
#
#   interrupt.bash PROGRAM VERB [ARGUMENT...]
set -u
program=$1 verb=$2
expected="${program##*/} $verb: interrupted; the loop closed with nothing left"
points=0 ends=0 wait=0
while [ "$ends" -lt 2 ]; do
    wait=$((wait + 1))
    said=$(EVENTLOOP_INTERRUPT=$wait "$@" 2>&1 >/dev/null)
    status=$?
    if [ "$status" = 0 ]; then
        ends=$((ends + 1))
    elif [ "$status" = 1 ] && [ "${said##*$'\n'}" = "$expected" ]; then
        points=$((points + 1))
    else
        echo "interrupted at wait $wait: status $status: $said" >&2
        exit 1
    fi
done
echo "$verb: interrupted at each of its waits, which are ${points/#0/no} in number"
