# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

memory_row() { # WHAT PID
    printf '%-44s %9s %9s\n' "$1" "$(status_kb "$2" RssAnon)" "$(status_kb "$2" VmRSS)"
}

# Each client asks once, so that its buffers are there, and then is idle.
memory_with() { # PID CONNECTIONS LEDGER-SIZE
    local pipe=$WORK/hold holder
    mkfifo "$pipe"
    load -h -c "$2" -n "$2" -k "$3" "$POSTSEAL" <"$pipe" >"$WORK/held" &
    holder=$!
    PIDS+=("$holder")
    exec 3>"$pipe"
    until [[ -s $WORK/held ]]; do
        kill -0 "$holder" || return 1
        sleep 0.05
    done
    memory_row "$2 connections, $3 domains" "$1"
    exec 3>&-
    wait "$holder"
    rm "$pipe" "$WORK/held"
}

part_memory() {
    local size count
    size=$(smallest)
    title "memory of postseal-socketmap in KB: private, and with files mapped (the ledger)"
    ulimit -n "$(ulimit -Hn)"
    need_ledger "$size"
    settings "$LEDGER"
    socketmap
    load -n 1 "$POSTSEAL" >/dev/null
    memory_row "at rest" "$PID"
    for count in 1000 10000; do
        if (($(ulimit -n) < count + 100)); then
            echo "$count connections: skipped, no more than $(ulimit -n) descriptors are allowed"
            continue
        fi
        memory_with "$PID" "$count" "$size"
    done
    stop "$PID"
    need_ledger "$DOMAINS"
    settings "$LEDGER"
    socketmap
    load -c 20 -k "$DOMAINS" -t "$SECONDS_EACH" "$POSTSEAL" >/dev/null
    memory_row "after load on $DOMAINS domains" "$PID"
    stop "$PID"
}
