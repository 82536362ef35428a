#!/usr/bin/env bash
# What compare leaves: the picture's width and height, byte by byte, and the runs
# in the timeline.
#
#   compare.bash PROGRAM
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$1" compare --timeline compare.svg >/dev/null
ls
echo $(od -An -tu1 -j16 -N8 compare.png)
grep -oE '>(static|static,1|dynamic|guided): ' compare.svg | tr -d '>: '
