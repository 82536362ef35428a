#!/usr/bin/env bash
# One test again and again for SOAK_SECONDS (600): it passes every time.
#
#   soak_again.bash TEST
set -eu
end=$(($(date +%s) + ${SOAK_SECONDS:-600}))
times=0
while [ "$(date +%s)" -lt "$end" ]; do
    said=$("$1" 2>&1) || { echo "the ${times}th time after the first: $said"; exit 1; }
    times=$((times + 1))
done
echo "passed $times times"
