#!/usr/bin/env bash
# `threads-demo dirsum` against sha256sum, on a tree with everything that goes
# wrong in trees.
#
#   dirsum.bash PROGRAM
set -u
program=$(realpath "$1")
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
    echo "dirsum: $*"
    failures=$((failures + 1))
}

# Names that sort differently as text and as a tree, and that need escaping.
mkdir -p tree/a tree/a-b tree/empty 'tree/with blanks' tree/deep/er/still
echo one >tree/a/file
echo two >tree/a-b/file
echo three >tree/a.b
echo four >'tree/with blanks/a  b'
echo five >$'tree/line\nfeed'
echo six >'tree/back\slash'
echo seven >$'tree/carriage\rreturn'
: >tree/nothing
head -c 1000000 /dev/zero >tree/large
for i in {1..300}; do echo "$i" >"tree/deep/er/still/$i"; done
mkfifo tree/pipe
find tree -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >expected

"$program" dirsum --sha256 tree >ordered 2>err || fail "a good tree: exit $?"
cmp -s expected ordered || fail "not what sha256sum says: $(diff expected ordered | head -5)"
[ -s err ] && fail "a good tree: $(<err)"
sha256sum --quiet -c ordered || fail "sha256sum -c does not accept it"
"$program" dirsum --sha256 --unordered tree | LC_ALL=C sort >unordered
cmp -s <(LC_ALL=C sort expected) unordered || fail "--unordered has other lines"
files=$(find tree -type f | grep -c .) # one name has two lines
bytes=$(find tree -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
[ "$("$program" dirsum tree | tail -n 1)" = "$((files - 1)) files, $bytes bytes" ] ||
    fail "sizes: $("$program" dirsum tree | tail -n 1)"

# Loops and dangling links: reported, the rest done, exit 1.
ln -s .. tree/deep/up
ln -s nowhere tree/dangling
ln -s self tree/self
"$program" dirsum --sha256 tree >ordered 2>err
[ $? -eq 1 ] || fail "link loops: exit is not 1"
cmp -s expected ordered || fail "link loops: the rest is not done"
for line in 'tree/deep/up: Too many levels of symbolic links' \
    'tree/dangling: No such file or directory' 'tree/self: Too many levels of symbolic links'; do
    grep -qxF "threads-demo dirsum: $line" err || fail "not reported: $line; but: $(<err)"
done
[ "$(grep -c . err)" -eq 3 ] || fail "reported besides: $(<err)"
rm tree/deep/up tree/dangling tree/self

# Unreadable files and directories; root reads everything.
if [ "$(id -u)" -ne 0 ]; then
    chmod 0 tree/a/file tree/a-b
    "$program" dirsum --sha256 tree >ordered 2>err
    [ $? -eq 1 ] || fail "unreadable: exit is not 1"
    grep -qF 'tree/a/file: Permission denied' err || fail "unreadable file: $(<err)"
    grep -qF 'tree/a-b: Permission denied' err || fail "unreadable directory: $(<err)"
    [ "$(grep -c . ordered)" -eq "$(($(grep -c . expected) - 2))" ] || fail "unreadable: the rest"
    chmod 755 tree/a-b
    chmod 644 tree/a/file
fi

# A file that is read while it grows (/proc has some whose size is said to be 0).
"$program" dirsum --sha256 /proc/self/limits 2>err >/dev/null
[ $? -eq 1 ] || fail "a file that is longer than it says: exit is not 1"
grep -qF 'changed while it was read' err || fail "a file that is longer than it says: $(<err)"

"$program" dirsum no/such/directory >ordered 2>err
[ $? -eq 1 ] && grep -qF 'no/such/directory: No such file or directory' err ||
    fail "no directory: $(<err)"
"$program" dirsum tree | head -n 1 >/dev/null

[ "$failures" -eq 0 ] && echo "dirsum: all as it should be"
[ "$failures" -eq 0 ]
