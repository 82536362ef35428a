#!/usr/bin/env bash
# Says a word to a server and prints the line that comes back.
#
#   talk.bash ADDRESS:PORT WORD
set -u
exec 3<>"/dev/tcp/${1%:*}/${1##*:}" || exit 1
printf '%s\n' "$2" >&3
IFS= read -r line <&3
printf '%s\n' "$line"
