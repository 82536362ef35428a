#!/usr/bin/env bash
# An echo server on a Unix socket: it says where, the socket is there while the
# server runs, and gone afterwards. (Talking to it is test_echo.c's part.)
#
#   unix.bash PROGRAM
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bash "$(dirname "$0")/../with_server.bash" "$1" echo --pipe "$work/socket" -- test -S {} || exit
[ ! -e "$work/socket" ] || { echo "the socket was left behind" >&2; exit 1; }
