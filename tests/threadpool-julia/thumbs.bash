#!/usr/bin/env bash
# Shrinks the pictures of a folder, and lists what was made. The exit status is
# the program's.
#
#   thumbs.bash PROGRAM CASE      CASE: a function of this file
set -u
program=$1

sound() { "$program" thumbs in; }

broken() {
    mkdir in/folder.png
    ln -s nowhere in/gone.png
    mkfifo in/pipe.png # to open it would wait for ever
    echo "this is no picture" >in/text.png
    head -c 3000 in/large.png >in/cut.png
    # The name of the first chunk is at 12, the width at 16; well into the pixels.
    cp in/large.png in/huge.png
    printf '\177\377\377\377' | dd of=in/huge.png bs=1 seek=16 conv=notrunc status=none
    cp in/large.png in/crc.png
    printf 'oops' | dd of=in/crc.png bs=1 seek=5000 conv=notrunc status=none
    made=out
    "$program" thumbs in -o out --side 100
}

onto-themselves() {
    made=none
    "$program" thumbs in -o in/.
}

# The larger one has more than 512 KiB, as large as it is; SIGXFSZ is ignored, so
# that write() fails. (Less room, and ThreadSanitizer itself cannot start.)
full-disk() {
    made=none
    "$program" draw -o in/large.png >/dev/null
    (trap "" XFSZ && ulimit -f 512 && "$program" thumbs in --side 4096)
    local status=$?
    [ "$(ls -A in/thumbs)" = small.PNG ] || return 99
    return $status
}

empty() {
    made=none/thumbs
    "$program" thumbs none
}

folder=$(mktemp -d ./thumbs-XXXXXX) && cd "$folder" && mkdir in none || exit 98
"$program" draw --width 640 --height 360 -o in/large.png >/dev/null &&
    "$program" draw --width 64 --height 36 --iterations 5 -o in/small.PNG >/dev/null &&
    echo "no picture" >in/note.txt || exit 98
made=in/thumbs
"$2"
status=$?
ls -A "$made"
cd .. && rm -r "$folder"
exit $status
