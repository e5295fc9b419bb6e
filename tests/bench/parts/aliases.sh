# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

ALIASES=1000
ALIAS_DOMAIN=secure.example

# Each enables one more, until it is killed.
alias_writer() {
    local i
    for ((i = ALIASES; ; i++)); do
        postseal alias enable -F "u$i@example.com" "u$i@$ALIAS_DOMAIN" >/dev/null
        echo "$i" >"$WORK/written"
    done
}

# One by hand, and the others after its pattern, as an export would have them.
fill_aliases() {
    local i one
    postseal alias enable -F "u0@example.com" "u0@$ALIAS_DOMAIN" >/dev/null
    postseal export >"$WORK/one.json"
    one=$(grep '"record":"alias"' "$WORK/one.json")
    {
        head -n 1 "$WORK/one.json"
        for ((i = 0; i < ALIASES; i++)); do
            echo "${one//u0@/u$i@}"
        done | LC_ALL=C sort
        echo "{\"record\":\"end\",\"records\":$ALIASES}"
    } >"$WORK/aliases.json"
    postseal import "$WORK/aliases.json" >/dev/null
}

alias_turn() { # SEED: "RATE P50 P99 CPU"
    local line before after
    before=$(cpu_ns "$ALIAS_SERVER")
    line=$(load -c 20 -k "$ALIASES" -m transport -a "$ALIAS_DOMAIN" -t "$SECONDS_EACH" -s "$1" "$POSTSEAL")
    after=$(cpu_ns "$ALIAS_SERVER")
    echo "$(field "$line" rate) $(field "$line" p50_us) $(field "$line" p99_us)" \
        "$(((after - before) / $(field "$line" requests)))"
}

part_aliases() {
    local round writer
    title "aliases: look-ups in the map transport, quiet and while \`postseal alias enable\` runs in a loop"
    echo "\$ load -c 20 -k $ALIASES -m transport -a $ALIAS_DOMAIN -t $SECONDS_EACH ENDPOINT"
    "$BUILD/bench/fill" -k 1000 "$WORK/aliases" >/dev/null
    settings "$WORK/aliases" "secure_domains = {\"$ALIAS_DOMAIN\"}" 'secure_aliases = "enabled"'
    fill_aliases
    socketmap
    ALIAS_SERVER=$PID
    : >"$WORK/a"
    : >"$WORK/b"
    for ((round = 1; round <= ROUNDS; round++)); do
        alias_turn "$round" >>"$WORK/a"
        alias_writer &
        writer=$!
        PIDS+=("$writer")
        alias_turn "$round" >>"$WORK/b"
        kill "$writer"
        wait "$writer" 2>/dev/null || true
    done
    heading quiet writing
    row 20 "$ALIASES"
    echo "$(($(<"$WORK/written") - ALIASES + 1)) aliases were written in the last turn of $SECONDS_EACH s"
    goal "several thousand answers a second while aliases are written"
    stop "$ALIAS_SERVER"
}
