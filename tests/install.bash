#!/usr/bin/env bash
# Installs into a folder of its own: each program is there, and runs.
#
#   install.bash BUILD DIRECTORY...
set -eu
build=$1
shift
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

cmake --install "$build" --prefix "$prefix" >/dev/null
for program in "$@" greenthreads-ucontext; do
    "$prefix/bin/$program" --version >/dev/null
done
