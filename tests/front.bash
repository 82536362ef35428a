#!/usr/bin/env bash
# The README at the top: what it links to is there, and each verb that it names is
# one that the program's --help names.
#
#   front.bash TOP BUILD
set -u
top=$1 build=$2 status=0

links=$(grep -o ']([^)]*)' "$top/README.md" | sed 's/](\(.*\))/\1/' | sort -u)
for link in $links; do
    [ -e "$top/$link" ] || { echo "no $link"; status=1; }
done

# `directory verb` in backquotes
verbs=$(grep -oE '`[a-z]+-[a-z]+ [a-z]+|`greenthreads [a-z]+' "$top/README.md" | tr -d '`' | sort -u)
while read -r directory verb; do
    [ -d "$top/$directory" ] || continue
    "$build/$directory/$directory" --help | grep -qE "^  $verb( |$)" ||
        { echo "$directory has no verb $verb"; status=1; }
done <<<"$verbs"
[ -n "$links" ] && [ "$(wc -l <<<"$verbs")" -gt 10 ] || { echo "nothing to check"; status=1; }
exit $status
