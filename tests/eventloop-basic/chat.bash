#!/usr/bin/env bash
# Three clients of a chat server: the program's own, fed by a pipe, by a file, and
# one that stays; then the server is told to stop.
#
#   chat.bash PROGRAM
set -u
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

coproc SERVER { exec "$program" chat --port 0; }
server=$SERVER_PID
exec 4<&"${SERVER[0]}"
read -r line <&4
port=${line##*:}

mkfifo "$work/typed" "$work/shown"
"$program" chat --connect "$port" <"$work/typed" >"$work/shown" 2>&1 &
bob=$!
exec 6>"$work/typed" 5<"$work/shown"
printf 'bob\nbob: am I in?\n' >&6
read -r line <&5 && echo "bob got: $line"

printf 'ann\nbob, ann: by a pipe\n' | "$program" chat --connect "127.0.0.1:$port" | sed 's/^/ann got: /'
read -r line <&5 && echo "bob got: $line"

printf 'bob\n' >"$work/words" # his name is taken
"$program" chat --connect "$port" <"$work/words" | sed 's/^/the other bob got: /'

kill -TERM "$server"
cat <&4
wait "$server" || echo "the server failed" >&2
wait "$bob" || echo "bob failed" >&2
"$program" chat --connect "$port" </dev/null && echo "connected to nobody" >&2
exit 0
