#!/usr/bin/env bash
# Builds greenthreads and its unit tests for another processor, and runs them
# under qemu-user.
#
#   qemu.bash aarch64     needs gcc-aarch64-linux-gnu and qemu-user
#
# cmocka is rarely installed for another processor, so bare/cmocka.h stands in.
set -eu
processor=$1
here=$(realpath "$(dirname "$0")")
triplet=$processor-linux-gnu
compiler=$triplet-gcc
run=(qemu-"$processor" -L /usr/"$triplet")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for type in Debug Release; do # -O0 and -O3
    build=$work/$type
    cmake -S "$here/../../greenthreads" -B "$build" -DCMAKE_BUILD_TYPE=$type \
        -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$processor" \
        -DCMAKE_C_COMPILER="$compiler" -DCMAKE_ASM_COMPILER="$compiler" >/dev/null
    cmake --build "$build" -j2 >/dev/null

    for program in greenthreads greenthreads-ucontext; do
        for module in context stack runtime; do
            wrap=""
            [ $module = context ] ||
                wrap=-Wl,--wrap=mmap,--wrap=munmap,--wrap=mprotect,--wrap=calloc,--wrap=reallocarray
            $compiler -std=gnu11 -O2 -D_GNU_SOURCE -fstack-clash-protection $wrap \
                -I"$here/bare" -I"$here/../../greenthreads" -I"$here" -o "$build/test" \
                "$here/test_$module.c" "$here/markers.S" "$build/lib$program-core.a" -lm
            "${run[@]}" "$build/test" >"$build/out" 2>&1 ||
                { cat "$build/out"; echo "$program.$module failed ($type)"; exit 1; }
        done
        "${run[@]}" "$build/$program" run | tail -n 1
        "${run[@]}" "$build/$program" stack >/dev/null
        bash "$here/elf.bash" "$build/$program" "$build/lib$program-core.a" \
            "$triplet-readelf" "$triplet-ar"
        echo "$program, $processor, $type: all passed"
    done
done
