# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

part_lookups() {
    local size connections floor server
    title "look-ups: floor and postseal-socketmap, $ROUNDS turns of $SECONDS_EACH s each"
    echo "\$ load -c CONNS -k DOMAINS -t $SECONDS_EACH -s ROUND ENDPOINT"
    echo "p99 in microseconds; ns: processor time of the server for a request"
    heading floor postseal
    pinned floor "$BUILD/bench/floor" "$FLOOR"
    floor=$PID
    for size in $(sizes); do
        need_ledger "$size"
        settings "$LEDGER"
        socketmap
        server=$PID
        for connections in "${CONNECTIONS[@]}"; do
            by_turns "$floor" "$FLOOR" "$server" "$POSTSEAL" "$connections" "$size"
            row "$connections" "$size"
        done
        stop "$server"
    done
    stop "$floor"
}
