# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

# a: floor, b: floor with a bare look-up in LMDB, c: postseal.
lookups_row() { # CONNECTIONS DOMAINS
    local of=0.90
    (($2 <= 100000)) || of=0.85
    printf '%5s %9s %8s %8s %8s %6s %7s %6s %7s %7s %7s %6s %6s %6s %6s' "$1" "$2" \
        "$(column a 1)" "$(column b 1)" "$(column c 1)" "$(ratio 1 a b)" "$(ratio 1 a c)" "$(ratio 1 b c)" \
        "$(column a 3)" "$(column b 3)" "$(column c 3)" "$(ratio 3 a c)" \
        "$(column a 4)" "$(column b 4)" "$(column c 4)"
    (($1 == 20)) && printf '  goal: ps/fl %s, p99 1.2' "$of"
    echo
}

part_lookups() {
    local size connections floor bound server bounded=inet:127.0.0.1:$((PORT + 5))
    title "look-ups: floor, floor with one mdb_get a request, postseal-socketmap;" \
        "$ROUNDS turns of $SECONDS_EACH s each"
    show "floor ENDPOINT; floor ENDPOINT LEDGER; load -c CONNS -k DOMAINS -t $SECONDS_EACH -s ROUND ENDPOINT"
    echo "answers a second and their ratios; p99 in microseconds; ns: processor time of the server for a request"
    printf '%5s %9s %8s %8s %8s %6s %7s %6s %7s %7s %7s %6s %6s %6s %6s\n' conns domains \
        floor/s lmdb/s postseal lm/fl ps/fl ps/lm fl-p99 lm-p99 ps-p99 ps/fl fl-ns lm-ns ps-ns
    pinned floor "$BUILD/bench/floor" "$FLOOR"
    floor=$PID
    for size in $(sizes); do
        need_ledger "$size"
        settings "$LEDGER"
        pinned bound "$BUILD/bench/floor" "$bounded" "$LEDGER"
        bound=$PID
        socketmap
        server=$PID
        for connections in "${CONNECTIONS[@]}"; do
            by_turns "$connections" "$size" "$floor" "$FLOOR" "$bound" "$bounded" "$server" "$POSTSEAL"
            lookups_row "$connections" "$size"
        done
        stop "$server"
        stop "$bound"
    done
    stop "$floor"
}
