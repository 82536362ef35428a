#!/usr/bin/env bash
# Prints which share of each module's lines, functions and branches the tests
# reach, and fails below 95 % of all lines or 85 % of all branches. First:
# cmake --workflow --preset coverage
#
#   coverage.bash BUILD          and, to see the lines themselves: coverage.bash BUILD --missing
#
# Modules are all but main.c, demo.h and demos/. README.md says what is not reached, and why.
set -eu
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

counts() { lcov --quiet --rc lcov_branch_coverage=1 "$@" 2>>"$work/log" || { cat "$work/log" >&2; exit 1; }; }
counts --capture --directory "$build" --output-file "$work/all"
counts --remove "$work/all" '/usr/*' '*/tests/*' '*/demos/*' '*/main.c' '*/demo.h' --output-file "$work/modules"

if [ "${2-}" = --missing ]; then
    sed -nE 's|^SF:(.*)|\1|; /^\//h; /^DA:([0-9]+),0$/ {s//\1/; G; s|(.*)\n(.*)|\2:\1|p}' "$work/modules"
    exit
fi
lcov --rc lcov_branch_coverage=1 --list "$work/modules" 2>/dev/null | cut -c1-80

sed -nE 's/^(LF|LH|BRF|BRH):/\1 /p' "$work/modules" | awk '
    { sum[$1] += $2 }
    END {
        lines = 100 * sum["LH"] / sum["LF"]
        branches = 100 * sum["BRH"] / sum["BRF"]
        printf "modules: %.1f %% of %d lines, %.1f %% of %d branches\n", lines, sum["LF"], branches, sum["BRF"]
        exit lines < 95 || branches < 85
    }'
