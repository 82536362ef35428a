#!/usr/bin/env bash
# Builds greenthreads and its unit tests for another processor, and runs them
# under qemu-user.
#
#   qemu.bash aarch64     needs gcc-aarch64-linux-gnu, libc6-dev-arm64-cross
#   qemu.bash riscv64     needs gcc-riscv64-linux-gnu, libc6-dev-riscv64-cross
#                         and both need qemu-user and gdb-multiarch
#
# cmocka is rarely installed for another processor, so bare/cmocka.h stands in.
set -eu
processor=$1
here=$(realpath "$(dirname "$0")")

modules=(context stack timers runtime io overflow)
verbs=(run stack)

# The calls that the tests of a module let fail on cue, as in verbs.cmake.
wraps_of() {
    case $1 in
    runtime) echo clock_nanosleep ;;&
    stack | timers | runtime) echo mmap munmap mprotect madvise calloc aligned_alloc reallocarray ;;
    io) echo read send accept4 connect epoll_wait epoll_ctl epoll_create1 ;;
    esac
}

# Tests that bare/cmocka.h leaves out, and why. (Guards by advice, which qemu takes
# and ignores, are tried by stack.c before it believes in them.)
export BARE_SKIP="without_memory_it_is_not_caught"
export BARE_SKIP_REASON="qemu does not limit addresses"
if [ "$processor" = riscv64 ]; then
    BARE_SKIP+=" a_large_frame_does_not_step_over_the_guard"
    BARE_SKIP_REASON+=", and riscv64's gcc 12 takes no notice of -fstack-clash-protection"
fi

triplet=$processor-linux-gnu
compiler=$triplet-gcc
run=(qemu-"$processor" -L /usr/"$triplet")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    [ ! -e "$work/out" ] || cat "$work/out"
    echo "$*"
    exit 1
}

for test in $BARE_SKIP; do
    grep -qrw --include='test_*.c' "$test" "$here" || fail "no test is called $test any more"
done

for level in -O0 -O2 -O3; do
    build=$work/build$level
    cmake -S "$here/../../greenthreads" -B "$build" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=$level \
        -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$processor" \
        -DCMAKE_C_COMPILER="$compiler" -DCMAKE_ASM_COMPILER="$compiler" >"$work/out" ||
        fail "$processor $level: cannot be configured"
    cmake --build "$build" -j2 >"$work/out" 2>&1 || fail "$processor $level: cannot be built"

    for program in greenthreads greenthreads-ucontext; do
        for module in "${modules[@]}"; do
            wraps=()
            for call in $(wraps_of "$module"); do
                wraps+=("-Wl,--wrap=$call")
            done
            # A profiler's backtrace goes through the test's own frames too.
            $compiler -std=gnu11 $level -D_GNU_SOURCE -fstack-clash-protection \
                -fasynchronous-unwind-tables "${wraps[@]}" \
                -I"$here/bare" -I"$here/../../greenthreads" -I"$here" -o "$build/$program.$module" \
                "$here/test_$module.c" "$here/markers.S" "$build/lib$program-core.a" -lm \
                >"$work/out" 2>&1 || fail "$processor $level: test_$module.c cannot be built"
            # A signal comes between two instructions, not only between blocks of them.
            "${run[@]}" -singlestep "$build/$program.$module" >"$work/out" 2>&1 ||
                fail "$processor $level: $program.$module failed"
            sed -n "s/^skipped \(.*:\)/left out of $module: \1/p" "$work/out" >>"$work/skipped"
        done
        for verb in "${verbs[@]}"; do
            "${run[@]}" "$build/$program" "$verb" >"$work/out" 2>&1 ||
                fail "$processor $level: $program $verb failed"
        done
        bash "$here/elf.bash" "$build/$program" "$build/lib$program-core.a" \
            "$triplet-readelf" "$triplet-ar" >"$work/out" 2>&1 ||
            fail "$processor $level: $program is not marked as it should be"
        [ $program != greenthreads ] ||
            bash "$here/gdb.bash" "$build/$program" "$build/$program.context" "${run[@]}" \
                >"$work/out" 2>&1 || fail "$processor $level: gdb does not see through $program"
        echo "$processor $level: $program passed: ${modules[*]}, ${verbs[*]}"
    done
done
sort -u "$work/skipped"
