# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

# start_ms ENDPOINT DOMAINS COMMAND...: from fork to the first answer; both
# programs' starts are in it.
start_ms() {
    local begin end endpoint=$1 domains=$2
    shift 2
    begin=$(now_us)
    "$@"
    load -n 1 -k "$domains" "$endpoint" >/dev/null
    end=$(now_us)
    stop "$PID"
    quotient $((end - begin)) 1000
}

part_starts() {
    local round
    title "start to first answer in ms, ledger of $DOMAINS domains"
    need_ledger "$DOMAINS"
    settings "$LEDGER"
    : >"$WORK/a"
    : >"$WORK/b"
    for ((round = 1; round <= ROUNDS; round++)); do
        start_ms "$FLOOR" "$DOMAINS" pinned floor "$BUILD/bench/floor" "$FLOOR" >>"$WORK/a"
        start_ms "$POSTSEAL" "$DOMAINS" socketmap >>"$WORK/b"
    done
    echo "floor $(column a 1)   postseal $(column b 1)   ratio $(ratio 1)"
    goal "100 ms"
}
