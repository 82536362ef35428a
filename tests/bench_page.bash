#!/usr/bin/env bash
# bench.bash, with programs that say what they are told to: the page has every
# row, and a bench that fails, or says what is no row, leaves the last page as it was.
#
#   bench_page.bash TESTS
set -u
tests=$1
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

program() {
    mkdir -p "$build/$1"
    printf '#!/bin/sh\n[ "$*" = "bench --csv" ] || exit 64\n%s\n' "$2" >"$build/$1/$1"
    chmod +x "$build/$1/$1"
}
failed() { echo "$*"; cat "$build"/bench.*; exit 1; }

heading='echo name,median ns,least,most,ratio'
program one "$heading"'; echo "\"a, b (c)\",2.00,1.00,3.00,1.000"; echo "\"d\",4.00,3.00,5.00,2.000"'
program two "$heading"'; echo "\"e\",7.50,7.00,8.00,1.000"'
bash "$tests/bench.bash" "$build" cc one two >/dev/null || failed "the page was not written"

grep -qxF '## one' "$build/bench.md" || failed "no heading"
grep -qxF '| a, b (c) | 2.00 | 1.00 | 3.00 | 1.000 |' "$build/bench.md" || failed "a name with a comma is lost"
grep -qxF '| e | 7.50 | 7.00 | 8.00 | 1.000 |' "$build/bench.md" || failed "the second program is lost"
grep -qE '^- machine: [0-9]+ processors, ' "$build/bench.md" || failed "no machine"
grep -qE '^- compiler: .' "$build/bench.md" || failed "no compiler"
grep -qE '^- commit: .' "$build/bench.md" || failed "no commit"
expected='"directory","name","median ns","least","most","ratio"
"one","a, b (c)",2.00,1.00,3.00,1.000
"one","d",4.00,3.00,5.00,2.000
"two","e",7.50,7.00,8.00,1.000'
[ "$(cat "$build/bench.csv")" = "$expected" ] || failed "the table is not the rows"

cp "$build/bench.md" "$build/before"
for bad in 'exit 1' "$heading" "$heading; echo 'e, 7.50,7.00,8.00,1.000'"; do
    program two "$bad"
    bash "$tests/bench.bash" "$build" cc one two >/dev/null 2>&1 && failed "not told: $bad"
    cmp -s "$build/bench.md" "$build/before" || failed "the page is spoilt: $bad"
done
