#!/usr/bin/env bash
# Draws every picture into a folder of its own, and looks there for each that a README shows.
#
#   pictures.bash TOP BUILD
set -u
top=$1 build=$2
into=$(mktemp -d)
trap 'rm -rf "$into"' EXIT

cmake -DBUILD="$build" -DINTO="$into" -P "$top/tests/pictures.cmake" || exit 1

status=0 shown=0
for readme in "$top"/README.md "$top"/*/README.md; do
    folder=$(dirname "${readme#"$top/"}")
    for picture in $(grep -o '!\[[^]]*\]([^)]*)' "$readme" | sed 's/.*(\(.*\))/\1/'); do
        shown=$((shown + 1))
        [ -s "$into/$folder/$picture" ] || { echo "$readme: nobody draws $picture"; status=1; }
    done
done
[ "$shown" -gt 0 ] || { echo "no README shows a picture"; status=1; }
exit $status
