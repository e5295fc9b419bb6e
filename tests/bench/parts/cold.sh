# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

DNS_PORT=$((PORT + 3)) SMTP_PORT=$((PORT + 4))
DNS_MS=50 SMTP_MS=100
# The way to the answer, each step of which has to wait for the one before it:
#   MX; the host's addresses (both families at once). MTA-STS is looked for meanwhile.
#   greeting; EHLO; STARTTLS; ServerHello; EHLO, sent together with the end of the handshake
COLD_PATH=$((2 * DNS_MS + 5 * SMTP_MS))
#   with DANE: MX; the host's addresses; TLSA, which only a secure address has (RFC 7672 2.2)
COLD_DANE=$((3 * DNS_MS))
CROWD=1000
COLD_SECONDS=8

# Never the same domains twice, nor those that the ledger is filled with.
FRESH=1000000000
fresh() { # COUNT: the first of so many in $FROM
    FROM=$FRESH
    FRESH=$((FRESH + $1))
}

cold_load() { # ARGUMENT...
    "$BUILD/bench/load" "$@" "$POSTSEAL"
}

# Who holds the watch comes first, where whoever runs this may say so.
WATCH=()
! chrt -f 1 true 2>/dev/null || WATCH=(chrt -f 1)

# A mail server asks about what it knows, some thousand times a second.
hot_p99() { # SECONDS
    local line
    line=$("${WATCH[@]}" "$BUILD/bench/load" -c 1 -p 500 -k 1000 -t "$1" "$POSTSEAL")
    field "$line" p99_us
}

# The priority that its unit gives a daemon; nice(1) goes on without what is denied.
unit_nice() { sed -n 's/^Nice=//p' "$HERE/../../systemd/postseal-$1.service"; }

cold_world() { # ARGUMENT of faraway...
    rm -rf "$WORK/cold"
    "$BUILD/bench/fill" -k 1000 -P "$SMTP_PORT" "$WORK/cold" >/dev/null
    settings "$WORK/cold" "resolver = {\"127.0.0.1:$DNS_PORT\"}" "smtp_port = $SMTP_PORT" \
        "probe_private = true" 'ehlo_name = "bench.example"' "first_contact_wait = 60"
    # On other machines in earnest: it gets what is left of this one.
    rm -f "$WORK/faraway.log"
    serve faraway chrt -i 0 "$BUILD/bench/faraway" "$@" -d "$DNS_MS" -s "$SMTP_MS" "$DNS_PORT" "$SMTP_PORT"
    FARAWAY=$PID
    until grep -qs ready "$WORK/faraway.log"; do
        kill -0 "$FARAWAY" || die "faraway does not start: $(tail -n 3 "$WORK/faraway.log")"
        sleep 0.05
    done
    rm -f "$WORK/run/prober.sock" # what an earlier one left is no sign that this one listens
    serve prober nice -n "$(unit_nice prober)" "$BUILD/postseal-prober" -c "$WORK/postseal.conf"
    PROBER=$PID
    until [[ -S $WORK/run/prober.sock ]]; do
        kill -0 "$PROBER" || die "the prober does not start: $(tail -n 3 "$WORK/prober.log")"
        sleep 0.05
    done
    serve socketmap nice -n "$(unit_nice socketmap)" "$BUILD/postseal-socketmap" -c "$WORK/postseal.conf"
    COLD_SOCKETMAP=$PID
}

cold_chain() { # the longest of five single questions, in us
    local i line
    for ((i = 0; i < 5; i++)); do
        fresh 1
        line=$(cold_load -n 1 -q "$FROM")
        field "$line" max_us
    done | sort -g | tail -n 1
}

cold_crowd() { # CHAIN
    local line round
    for ((round = 1; round <= ROUNDS; round++)); do
        fresh "$CROWD"
        line=$(cold_load -c "$CROWD" -n "$CROWD" -q "$FROM")
        quotient "$(field "$line" max_us)" "$1" 2
    done | median
}

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; } # of all its threads

cold_sustained() {
    local line before after
    fresh 1000000
    before=$(ticks "$PROBER")
    cold_load -c "$CROWD" -t "$COLD_SECONDS" -q "$FROM" >"$WORK/sustained" &
    local loader=$!
    PIDS+=("$loader")
    sleep 2
    HOT_MEANWHILE=$(hot_p99 $((COLD_SECONDS - 3)))
    PROBER_THREADS=$(status_kb "$PROBER" Threads) PROBER_RSS=$(status_kb "$PROBER" VmRSS)
    wait "$loader"
    line=$(<"$WORK/sustained")
    after=$(ticks "$PROBER")
    SUSTAINED=$(field "$line" rate)
    COST_MS=$(quotient $(((after - before) * 1000 / $(getconf CLK_TCK))) "$(field "$line" requests)" 2)
}

cold_down() {
    stop "$COLD_SOCKETMAP"
    stop "$PROBER"
    stop "$FARAWAY"
}

part_cold() {
    local chain quiet dane
    title "cold: domains of which nothing is known; DNS answers after $DNS_MS ms, MX hosts after $SMTP_MS ms"
    show "faraway -d $DNS_MS -s $SMTP_MS; load -c $CROWD -n $CROWD -q FIRST; load -c 1 -p 500 -k 1000"
    cold_world -a
    dane=$(cold_chain)
    cold_down
    cold_world
    chain=$(cold_chain)
    echo "one alone                      $(quotient "$chain" 1000) ms (the longest of five)," \
        "$(quotient "$chain" "${COLD_PATH}000" 3) of the critical path (goal: 1.05)"
    echo "one alone with DANE            $(quotient "$dane" 1000) ms (the longest of five)," \
        "$(quotient "$dane" "${COLD_DANE}000" 3) of the critical path (goal: 1.05)"
    echo "$CROWD at once, all answered     $(cold_crowd "$chain") of that (goal: 2)"
    sleep 3
    quiet=$(hot_p99 $((COLD_SECONDS - 3)))
    cold_sustained
    echo "sustained, $CROWD under way      $SUSTAINED domains/s, $COST_MS ms of the prober's processor time each"
    echo "prober meanwhile               $PROBER_THREADS threads, $PROBER_RSS KB resident"
    echo "hot path's p99                 $quiet us quiet, $HOT_MEANWHILE us meanwhile:" \
        "$(quotient "$HOT_MEANWHILE" "$quiet" 2) (goal: 1.5)"
    cold_down
}
