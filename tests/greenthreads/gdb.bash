#!/usr/bin/env bash
# What a debugger sees of stacks made by hand.
#
#   gdb.bash PROGRAM TEST [EMULATOR...]
#
# PROGRAM (greenthreads) stops in a green thread: its backtrace ends where the
# stack begins. TEST (the unit tests of context) is followed through two switches
# by single instructions. At each one the caller is known, and its registers are
# what switch_with_markers() had put there: first on this side, then on the other.
# For another processor's programs: its emulator, and gdb-multiarch looks on.
set -u
program=$1 test=$2
emulator=("${@:3}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    cat "$work/seen"
    echo "$*"
    exit 1
}

# debug PROGRAM ARGUMENT...: gdb starts it and follows stdin. Fills $work/seen.
debug() {
    local gdb=gdb start=starti
    : >"$work/seen"
    if [ ${#emulator[@]} -gt 0 ]; then
        gdb=gdb-multiarch start="target remote $work/socket"
        "${emulator[@]}" -g "$work/socket" "$@" >"$work/seen" 2>&1 &
        until [ -S "$work/socket" ]; do
            kill -0 $! 2>/dev/null || fail "${emulator[0]} does not start"
            sleep 0.1
        done
    fi
    { printf '%s\n' 'set width 0' 'set confirm off' "$start"; cat; } >"$work/commands"
    timeout 120 $gdb -nx -batch -x "$work/commands" --args "$@" >"$work/seen" 2>&1
    if [ ${#emulator[@]} -gt 0 ]; then
        kill $! 2>/dev/null # if gdb has not
        wait
        rm -f "$work/socket"
    fi
    ! grep -E 'corrupt stack|Backtrace stopped|Cannot access|Error in' "$work/seen" ||
        fail "gdb lost its way: $*"
}

debug "$program" run <<'END'
break count
continue
bt
END
sed -n '/^#0 .*count/,$p' "$work/seen" | grep '^#' >"$work/trace"
[ "$(wc -l <"$work/trace")" -ge 2 ] || fail "count() is called by nobody"
[ "$(wc -l <"$work/trace")" -le 5 ] || fail "frames that nobody called"
tail -n 1 "$work/trace" | grep -q ' in context_start ' || fail "the backtrace does not end at the entry"

size=$(readelf -sW "$test" | awk '$8 == "context_switch" { print $3 }')
case $(readelf -h "$test" | sed -n 's/ *Machine: *//p') in
*X86-64) registers='rsp rbx rbp r12 r13 r14 r15' ;;
AArch64) registers="sp $(echo x{19..29})" ;;
RISC-V) registers="sp fp $(echo s{1..11} fs{0..11})" ;;
esac

# follow SWITCHES THERE VALUE LOOK: through the next but so many switches, to
# THERE, whose registers have the VALUE; gdb's command LOOK then turns to it. What lies below sp is anybody's: a signal
# handler would write there. After the switch we see what gdb had to find out.
follow() {
    debug "$test" <<END
tbreak switch_with_markers
continue
break *context_switch
ignore 2 $1
continue
delete
while (unsigned long)\$pc - (unsigned long)&context_switch < $size
  set \$below = (unsigned long)\$sp - 256
  while \$below < (unsigned long)\$sp
    set {unsigned long}\$below = 0x666
    set \$below = \$below + 8
  end
  printf "step\n"
  frame 1
  info registers $registers
  stepi
end
printf "step\n"
$4
info registers $registers
END
    # A line for each instruction: who called the switch, with which registers.
    awk '/^step$/ { if (line != "") print line; line = "" }
         /^#1 / { line = $4 }
         line != "" && /^[a-z]+[0-9]* +[0x{]/ { line = line " " $0 }
         END { print line }' "$work/seen" >"$work/steps"
    uniq "$work/steps" >"$work/seen"
    [ "$(wc -l <"$work/seen")" -eq 2 ] || fail "the caller's registers change on the way"
    head -n 1 "$work/seen" | grep -q '^switch_with_markers .*abcd' || fail "no markers here"
    tail -n 1 "$work/seen" | grep -q "^$2 .*$3" || fail "$2 is not there"
}

follow 0 context_start 0x0 'frame 1' # from the entry it seems to have called
follow 2 switch_with_markers 0x55555555 'printf "#1 _ in switch_with_markers \n"'
echo "gdb sees the caller at each of $(wc -l <"$work/steps") steps through a switch"
