# shutdown.bash SIGNAL PROGRAM - sends the signal once the program says that it waits.
coproc exec "$2" shutdown --wait
pid=$COPROC_PID
exec 3<&"${COPROC[0]}"
read -r line <&3
printf '%s\n' "$line"
kill -"$1" "$pid"
cat <&3
wait "$pid"
