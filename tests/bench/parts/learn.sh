# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

LEARN_LINES=900000
LEARN_HOSTS=10000

# By processor time: what a log that grows costs, whoever else is running.
learn_row() { # WHAT COUNTER-COMMAND ARGUMENT-OF-MAILLOG...
    local what=$1 cpu floor lines round
    shift
    "$BUILD/bench/maillog" -n "$LEARN_LINES" -k "$LEARN_HOSTS" "$@" >"$WORK/mail.log"
    lines=$(wc -l <"$WORK/mail.log")
    : >"$WORK/a"
    : >"$WORK/b"
    for ((round = 1; round <= ROUNDS; round++)); do
        cpu_of grep -c "TLS connection established to" "$WORK/mail.log" >>"$WORK/a"
        rm -rf "$WORK/learn"
        "$BUILD/bench/fill" -k 1000 "$WORK/learn" >/dev/null
        settings "$WORK/learn"
        cpu_of "$BUILD/postseal" -c "$WORK/postseal.conf" learn "$WORK/mail.log" >>"$WORK/b"
        awk '{print $1}' "$WORK/passed" >>"$WORK/c"
    done
    floor=$(column a 1) cpu=$(column b 1)
    printf '%-34s %12.0f %12.0f %12.0f\n' "$what" "$(quotient "$lines" "$floor")" \
        "$(quotient "$lines" "$cpu")" "$(quotient "$lines" "$(median <"$WORK/c")")"
    rm "$WORK/mail.log" "$WORK/c"
}

part_learn() {
    title "learn: lines per second (goal: 1,000,000), $LEARN_LINES lines, $LEARN_HOSTS hosts"
    show 'maillog >mail.log; postseal learn mail.log' "(beside: grep -c 'TLS connection established to')"
    printf '%-34s %12s %12s %12s\n' "" "grep, cpu" "learn, cpu" "learn, clock"
    learn_row "8 lines a mail, 2 of interest"
    learn_row "3 lines a mail, 2 of interest" -b
    learn_row "the same, RFC 3339 times" -b -i
}
