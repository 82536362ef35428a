#!/usr/bin/env bash
# Draws a small picture to targets of many kinds, in an empty folder; then lists
# what the folder holds. The exit status is the program's, or 99 if a picture or
# an old file is not as it should be.
#
#   targets.bash PROGRAM CASE      CASE: a function of this file
set -u -o pipefail
program=$1
julia() { "$program" draw --width 640 --height 360 "$@"; }

full-device() {
    ln -s /dev/full full
    julia -o full
    local status=$?
    [ -L full ] && rm full && return $status
}
missing-folder() { julia -o missing/a.png; }
unwritable-folder() { julia -o /proc/a.png; } # root may write anywhere else
folder-as-target() { julia -o ..; }

# The picture has more than 512 KiB; ignored, SIGXFSZ lets write() fail instead.
# (Less room, and ThreadSanitizer itself cannot start.)
no-room() {
    echo old >a.png
    (trap "" XFSZ && ulimit -f 512 &&
        julia --width 1920 --height 1080 -o a.png)
    local status=$?
    [ "$(cat a.png)" = old ] && return $status
}

# The picture alone goes into a pipe or a file that is stdout.
pipe() { julia -o a.png >/dev/null && julia -o - | cmp - a.png || return 99; }
redirected() {
    julia -o a.png >/dev/null
    julia -o /dev/stdout >b.png && cmp a.png b.png || return 99
}

# The pipe is full long before the picture ends: 141 is 128 + SIGPIPE.
closing-pipe() { julia --width 1920 -o - | head -c 1 >/dev/null; }

two-at-once() {
    julia -o a.png >/dev/null &
    julia -o a.png >/dev/null && wait $!
}

# For root, a file could take the place of a device. Nothing here names one but by
# a link, and before the first a link must prove to stay a link.
links-stay() {
    ln -s /dev/null link
    julia -o link >words 2>&1 && [ -L link ] && rm link words
}

folder=$(mktemp -d ./targets-XXXXXX) && cd "$folder" || exit 98
links-stay || { echo "a link was replaced: not going near /dev" && exit 97; }
"$2"
status=$?
ls -A
cd .. && rm -r "$folder"
exit $status
