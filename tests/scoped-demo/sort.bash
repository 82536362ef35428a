#!/usr/bin/env bash
# `scoped-demo sort` gives what sort(1) gives in the C locale, whether it reads a
# file or the standard input.
#
#   sort.bash PROGRAM
set -euo pipefail
program=$1
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# same NAME [OPTION]: the standard input is what to sort.
same() {
    cat >"$work/in"
    sort ${2-} "$work/in" >"$work/theirs"
    "$program" sort ${2-} "$work/in" >"$work/from-file"
    "$program" sort ${2-} - <"$work/in" >"$work/from-stdin"
    cmp "$work/theirs" "$work/from-file" && cmp "$work/theirs" "$work/from-stdin" ||
        { echo "$1: not as sort(1)" && failures=$((failures + 1)); }
}

head -c 300000 /dev/urandom | tr -c 'a-z' '\n' | same words
head -c 300000 /dev/urandom | same bytes
head -c 300000 /dev/urandom | tr -c 'ab\n' 'a' | same few-letters
printf 'b\na\n\naaaaaaaaa\naaaaaaaa\naaaaaaaaab\na\0b\na\0\na' | same prefixes
printf '' | same nothing
printf '\n' | same empty-line
seq 100000 | same sorted
seq 300000 | shuf | same numbers -n
{ seq -2000 7 5000; printf '07\n7\n-0\n0\n007\n 7\n-9223372036854775808\n'; } | shuf | same negative -n
[ "$failures" -eq 0 ]
echo same
