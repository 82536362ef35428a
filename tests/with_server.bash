#!/usr/bin/env bash
# Starts a server, waits for the line that says where it listens, runs a client
# against it, and tells the server to stop.
#
#   with_server.bash SERVER [ARGUMENT...] -- CLIENT [ARGUMENT...]
#
# In the client's words {} stands for what the server said after "listening on ".
# stdout gets the server's line and what the client prints. The exit status is the
# client's, or 1 if the server did not exit 0 at SIGTERM.
set -u
server=()
while [ "$1" != "--" ]; do
    server+=("$1")
    shift
done
shift

coproc SERVER { exec "${server[@]}"; }
pid=$SERVER_PID
read -r line <&"${SERVER[0]}" || { echo "the server said nothing" >&2; exit 1; }
printf '%s\n' "$line"
where=${line#listening on }

status=0
"${@//\{\}/$where}" || status=$?

kill -TERM "$pid"
wait "$pid" || { echo "the server did not exit 0" >&2; status=1; }
exit "$status"
