# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

GROWTH=$BUILD/bench/growth
GROWTH_LINES=200000

growth_sizes() {
    printf '%s\n' 1000 10000 100000 1000000 10000000 "$DOMAINS" | sort -nu |
        awk -v max="$DOMAINS" '$1 <= max'
}

per() { # CPU-SECONDS COUNT: nanoseconds each
    awk -v cpu="$1" -v n="$2" 'BEGIN {printf "%.0f\n", cpu * 1e9 / n}'
}

# What a daemon that only starts costs is in each of the command line's figures.
growth_lookup() { # DOMAINS
    local round
    socketmap
    load -c 20 -k "$1" -t "$SECONDS_EACH" -s 1000 "$POSTSEAL" >/dev/null
    for ((round = 1; round <= ROUNDS; round++)); do
        turn "$PID" "$POSTSEAL" 20 "$1" "$round"
    done | awk '{print $4}' | median
    stop "$PID"
}

growth_start() { # DOMAINS
    local round
    for ((round = 1; round <= ROUNDS; round++)); do
        start_ms "$POSTSEAL" "$1" socketmap
    done | median
}

growth_verb() { # COUNT VERB...
    local count=$1
    shift
    per "$(cpu_of "$BUILD/postseal" -c "$WORK/postseal.conf" "$@")" "$count"
}

# In a copy of the ledger: all hosts of the log are new to it.
growth_learn() { # DOMAINS
    "$BUILD/bench/maillog" -n "$GROWTH_LINES" -k "$1" >"$WORK/mail.log"
    growth_verb "$GROWTH_LINES" learn "$WORK/mail.log"
}

growth_row() { # DOMAINS
    local size=$1 bytes lookup start scan list exported imported learn
    need_ledger "$size"
    settings "$LEDGER"
    bytes=$(field "$(<"$LEDGER.made")" bytes_per_domain)
    lookup=$(growth_lookup "$size")
    start=$(growth_start "$size")
    scan=$(per "$(cpu_of "$BUILD/bench/scan" "$LEDGER")" "$size")
    list=$(growth_verb "$size" list)
    exported=$(growth_verb "$size" export)
    mv "$WORK/said" "$WORK/all.json"
    "$BUILD/bench/fill" -k 1 "$WORK/grown" >/dev/null
    settings "$WORK/grown"
    imported=$(growth_verb "$size" import "$WORK/all.json")
    learn=$(growth_learn "$size")
    rm -r "$WORK/grown" "$WORK/all.json" "$WORK/mail.log"
    printf '%s\t' "$size" "$lookup" "$start" "$bytes" "$scan" "$list" "$exported" "$imported"
    echo "$learn"
}

part_growth() {
    local size columns=(domains lookup_ns start_ms bytes/dom scan_ns/dom list_ns/dom export_ns/dom
        import_ns/dom learn_ns/line)
    title "growth: processor time of each job by the number of domains known"
    show "load -c 20 -k N; scan LEDGER; postseal list|export|import|learn (maillog -n $GROWTH_LINES -k N)"
    printf '%-15s' "${columns[@]}"
    echo
    printf '%s\t' "${columns[@]}" >"$GROWTH.tsv"
    echo >>"$GROWTH.tsv"
    for size in $(growth_sizes); do
        growth_row "$size" | tee -a "$GROWTH.tsv" | awk '{for (i = 1; i <= NF; i++) printf "%-15s", $i; print ""}'
    done
    python3 "$HERE/plot" "$GROWTH.tsv" >"$GROWTH.svg"
    echo "plot: $GROWTH.svg"
}
