#!/usr/bin/env bash
# Runs the bench of every directory, one after the other, and writes one page of
# them, bench.md and bench.csv, into the folder of the build.
#
#   bench.bash BUILD COMPILER DIRECTORY...
set -eu
build=$1 compiler=$2
shift 2

processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
commit=$(git -C "$(dirname "$0")" describe --always --dirty 2>/dev/null || echo unknown)
row='^"(.*)",([^,]+),([^,]+),([^,]+),([^,]+)$'

page=$build/bench.md table=$build/bench.csv
{
    echo "# What things cost here"
    echo
    echo "- machine: $(nproc) processors, ${processor:-unknown}; $(uname -sr)"
    echo "- compiler: $("$compiler" --version | head -n 1)"
    echo "- commit: $commit"
    echo
    echo "Nanoseconds for one operation: the median of the rounds, the least, the most. The ratio is to the first row of its table."
} >"$page.new"
echo '"directory","name","median ns","least","most","ratio"' >"$table.new"

for directory in "$@"; do
    echo "$directory"
    said=$("$build/$directory/$directory" bench --csv)
    rows=$(sed 1d <<<"$said")
    if grep -qvE "$row" <<<"$rows"; then
        echo "$directory bench --csv: not a row: $(grep -m 1 -vE "$row" <<<"$rows")" >&2
        exit 1
    fi
    {
        printf '\n## %s\n\n| | median ns | least | most | ratio |\n|---|---:|---:|---:|---:|\n' "$directory"
        sed -E "s/$row/| \\1 | \\2 | \\3 | \\4 | \\5 |/" <<<"$rows"
    } >>"$page.new"
    sed "s/^/\"$directory\",/" <<<"$rows" >>"$table.new"
done

mv "$page.new" "$page"
mv "$table.new" "$table"
echo "written: $page, $table"
