#!/usr/bin/env bash
# --help and READING.md name the same verbs.
#
#   reading.bash PROGRAM READING.md
#
# A verb of --help stands on a line of its own, two blanks in; a verb of READING.md
# is the first word in backquotes in the second column of a table row.
set -u
from_help=$("$1" --help | sed -nE 's/^  ([a-z][a-z0-9-]*)( .*|$)/\1/p' | sort -u)
from_reading=$(sed -nE 's/^\|[^|]*\| *`([a-z][a-z0-9-]*).*/\1/p' "$2" | sort -u)
[ -n "$from_help" ] || { echo "no verbs in --help"; exit 1; }
diff <(echo "$from_help") <(echo "$from_reading") ||
    { echo "< only in --help   > only in $2"; exit 1; }
