#!/usr/bin/env bash
# Runs the `$ ` lines of a README and compares what they print with what the
# README shows.
#
#   readme.bash README.md BUILD      BUILD: the folder the README calls build
#
# Lines are compared in order, blanks folded; "..." stands for any lines. What no
# two runs share is matched by kind: a number before a unit (ns, us, µs, ms, s,
# KiB, MiB), a ratio such as 1.25x, an address 0x..., a port on 127.0.0.1, the
# table of `bench`. Lines that begin with a time and a tick come in the order in
# which the threads happened to run, so those are looked for anywhere.
#
# A command that ends in & is a server: its "listening on" line is awaited, the
# port it chose takes the place of the one shown, and at the end of the file it
# is told to stop (SIGTERM) and must exit 0.
set -u
readme=$(realpath "$1")
build=$(realpath "$2")
work=$(mktemp -d)
server=""
trap 'rm -rf "$work"; [ -z "$server" ] || kill "$server"' EXIT
ln -s "$build" "$work/build"
cd "$work" || exit 1
failures=0 commands=0

fail() {
    printf '%s: %s\n' "$readme" "$*"
    failures=$((failures + 1))
}

fold() { sed -E 's/[[:space:]]+/ /g; s/^ //; s/ $//'; }

# A shown line as a regex: letters stand for themselves, measurements for any.
regex_of() {
    sed -E 's/[][\.*^$+?(){}|\\]/\\&/g
        s/[0-9]+(\\\.[0-9]+)? ?(ns|us|µs|ms|s|KiB|MiB)\b/[0-9]+(\\.[0-9]+)? ?\2/g
        s/[0-9]+\\\.[0-9]+x/[0-9]+\\.[0-9]+x/g
        s/0x[0-9a-f]+/0x[0-9a-f]+/g
        s/(127\\\.0\\\.0\\\.1:)[0-9]+/\1[0-9]+/g
        s/( [0-9]+\\\.[0-9]{2}){4}$/( [0-9]+\\.[0-9]{2}){4}/
        s/^(\[0-9\]\+\(\\\.\[0-9\]\+\)\? \?ms) [0-9]+ /\1 [0-9]+ /' <<<"$1"
}

is_trace() { [[ $1 =~ ^[0-9]+\.[0-9]+\ ms\ [0-9]+\  ]]; }

# compare COMMAND SHOWN GOT: arrays of folded lines, by file.
compare() {
    local command=$1 at=0 skipping=false elided=false line regex i
    mapfile -t shown < <(fold <"$2")
    mapfile -t got < <(fold <"$3")
    local lines=${#got[@]}
    for line in "${shown[@]}"; do
        if [ "$line" = "..." ]; then
            skipping=true elided=true
            continue
        fi
        regex="^$(regex_of "$line")\$"
        if is_trace "$line"; then
            for i in "${!got[@]}"; do
                if [[ ${got[i]} =~ $regex ]]; then
                    unset "got[i]"
                    continue 2
                fi
            done
            fail "\$ $command: no line like: $line"
            continue
        fi
        for ((i = at; i < lines; i++)); do
            [ -n "${got[i]+set}" ] && ! is_trace "${got[i]}" || continue
            if [[ ${got[i]} =~ $regex ]]; then
                at=$((i + 1))
                unset "got[i]"
                skipping=false
                continue 2
            fi
            $skipping || break
            unset "got[i]"
        done
        fail "\$ $command: expected: $line; got: ${got[i]-nothing}"
        return
    done
    $skipping && return
    for line in "${got[@]}"; do
        $elided && is_trace "$line" && continue
        fail "\$ $command: printed, but not shown: $line"
    done
}

start_server() {
    coproc SERVER { eval "exec ${1%&}"; }
    server=$SERVER_PID
    local line
    read -r -t 30 line <&"${SERVER[0]}" || fail "\$ $1: never said that it listens"
    printf '%s\n' "$line" >got
    [[ $line =~ 127\.0\.0\.1:([0-9]+) ]] && port=${BASH_REMATCH[1]}
    [[ $(<shown) =~ 127\.0\.0\.1:([0-9]+) ]] && shown_port=${BASH_REMATCH[1]}
}

run() {
    local command=$1
    commands=$((commands + 1))
    [ -z "$server" ] || command=${command//:$shown_port/:$port}
    if [[ $command == *"&" ]]; then
        start_server "$command"
    else
        bash -c "$command" >got 2>&1 </dev/null
    fi
    compare "$command" shown got
}

command="" in_block=false
: >shown
while IFS= read -r line || [ -n "$line" ]; do
    if [[ $line == '```'* ]]; then
        [ -z "$command" ] || run "$command"
        command=""
        $in_block && in_block=false || in_block=true
    elif $in_block && [[ $line == '$ '* ]]; then
        [ -z "$command" ] || run "$command"
        command=${line#'$ '}
        : >shown
    elif [ -n "$command" ]; then
        printf '%s\n' "$line" >>shown
    fi
done <"$readme"

if [ -n "$server" ]; then
    kill -TERM "$server"
    wait "$server" || fail "the server did not exit 0 when told to stop"
    server=""
fi
[ "$commands" -gt 0 ] || fail "no command to run"
echo "$commands commands, $failures failures"
[ "$failures" -eq 0 ]
