#!/usr/bin/env bash
# What happens to an echo server.
#
#   io.bash CASE SIGNAL PROGRAM [WORD...]
#
# Starts PROGRAM io --listen 0, does to it what CASE says, and ends it by SIGNAL. Prints
# all that the server has printed; the exit status is the server's, or 1 if CASE failed.
set -u
what=$1 signal=$2
shift 2

# More clients than it may have descriptors.
[ "$what" = starve ] && ulimit -S -n 16
coproc SERVER { exec "$@" io --listen 0; }
pid=$SERVER_PID
exec {from_server}<&"${SERVER[0]}"
read -r line <&"$from_server" || { echo "the server said nothing" >&2; exit 1; }
printf '%s\n' "$line"
where=/dev/tcp/${line#listening on }
where=${where/:/\/}
[ "$what" = starve ] && ulimit -S -n 64

fail() {
    echo "io.bash: $1" >&2
    kill -KILL "$pid"
    exit 1
}

# One line there and back, over descriptor $1.
speak() {
    printf 'hello\n' >&"$1"
    read -r line <&"$1" && [ "$line" = hello ] || fail "no echo"
}

meet() { # opens descriptor $fd
    exec {fd}<>"$where" || fail "cannot connect"
}

case $what in
echo)
    meet
    speak "$fd"
    ;;
reset) # closed with answers unread: the kernel sends a reset
    for _ in 1 2 3; do
        meet
        printf '%065536d' 7 >&"$fd"
        exec {fd}>&-
    done
    meet
    speak "$fd"
    ;;
starve) # each that ends lets another one in
    all=()
    for _ in {1..20}; do
        meet
        all+=("$fd")
    done
    for fd in "${all[@]}"; do
        speak "$fd"
        exec {fd}>&-
    done
    ;;
crowd) # stopped while it serves
    for _ in {1..20}; do
        meet
        speak "$fd"
    done
    ;;
esac

kill -"$signal" "$pid"
cat <&"$from_server"
wait "$pid"
