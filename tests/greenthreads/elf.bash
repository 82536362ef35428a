#!/usr/bin/env bash
# What the linker must and must not say of a program with hand-made switches.
#
#   elf.bash PROGRAM ARCHIVE READELF AR
#
# The stack is not executable. Neither the program nor the assembly in its core
# library claims to keep shadow stacks (CET's SHSTK): other files may, but the
# program then does not, for the linker marks it with what all of them claim.
set -u
program=$1 archive=$2 readelf=$3 ar=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "$*"
    exit 1
}

"$readelf" -lW "$program" | grep -q 'GNU_STACK.* RW ' || fail "$program: executable stack"
"$readelf" -n "$program" >"$work/notes" || fail "$program: no notes to be read"
! grep SHSTK "$work/notes" || fail "$program: claims shadow stacks"

cd "$work" || exit 1
"$ar" x "$archive" || fail "$archive: cannot be unpacked"
for object in *.S.o; do
    [ -e "$object" ] || continue # ucontext: no assembly
    "$readelf" -n "$object" >notes || fail "$object: no notes to be read"
    ! grep SHSTK notes || fail "$object: claims shadow stacks"
    "$readelf" -SW "$object" | grep -q '\.note\.GNU-stack' || fail "$object: no .note.GNU-stack"
done
