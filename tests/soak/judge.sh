# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What is measured during a soak, and what is made of all of it at its end.

DAEMONS=(prober socketmap milter learn)

# sample: one line for each daemon in $SOAK/samples.csv, which begins with their names.
sample_head() {
    echo 'second,daemon,pid,rss_kb,anonymous_kb,descriptors,threads,ledger_kb,readers'
}

sample() {
    local name pid ledger fds
    ledger=$(du -k "$SEAL/ledger/data.mdb" | cut -f1),$(readers)
    for name in "${DAEMONS[@]}"; do
        pid=${JOB[postseal-$name]:-}
        [[ $pid && -r /proc/$pid/smaps_rollup ]] || continue
        fds=("/proc/$pid/fd"/*)
        awk -v head="$SECONDS,$name,$pid" -v ledger="$ledger" \
            -v fds=$((${#fds[@]} - $(clients "$name"))) '
            $1 == "Rss:" { rss = $2 }
            $1 == "Anonymous:" { anonymous = $2 }
            $1 == "Threads:" { threads = $2 }
            END { if (rss && threads) printf "%s,%d,%d,%d,%d,%s\n", head, rss, anonymous, fds, threads, ledger }' \
            "/proc/$pid/smaps_rollup" "/proc/$pid/status" 2>/dev/null >>"$SOAK/samples.csv" || true
    done
}

# clients DAEMON: how many descriptors of it are connections that a client still has open,
# which is for the client to say: Postfix keeps one for each of its processes. One whose
# client has gone is no longer among them, so what is not closed then shows.
clients() {
    local port
    case $1 in
    socketmap) port=7672 ;;
    milter) port=8689 ;;
    *) echo 0 && return ;;
    esac
    ss -Htn state established "( sport = :$port )" | wc -l
}

# How many have a place in the ledger's table of readers.
readers() {
    mdb_stat -r "$SEAL/ledger" 2>/dev/null | awk '$1 ~ /^[0-9]+$/ && NF == 3' | wc -l
}

# growth COLUMN PERCENT SLACK median|least: for each daemon's longest life, its first
# quarter being warm-up, that of the first third of the rest beside that of the last;
# fails if the second is larger by more than PERCENT and SLACK together. What has
# leaked never comes back, so "least" is for what comes and goes: the prober starts
# threads when it needs them.
growth() {
    awk -F, -v column="$1" -v percent="$2" -v slack="$3" -v least="$([[ $4 != least ]]; echo $?)" '
        function typical(key, from, to,   n, i, j, v, t) {
            n = 0
            for (i = from; i < to; i++) v[n++] = value[key, i]
            for (i = 1; i < n; i++)
                for (j = i; j > 0 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
            return least ? v[0] : v[int(n / 2)]
        }
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) at = i; next }
        { key = $2 "," $3; if (!(key in first)) first[key] = $1; last[key] = $1; value[key, count[key]++] = $at }
        END {
            for (key in count) {
                split(key, part, ",")
                if (!(part[1] in best) || count[key] > count[best[part[1]]]) best[part[1]] = key
            }
            for (name in best) {
                key = best[name]; n = count[key]; warm = int(n / 4); third = int((n - warm) / 3)
                if (third < 1) { print name " did not live long enough"; bad = 1; continue }
                a = typical(key, warm, warm + third); b = typical(key, n - third, n)
                grown = b > a * (1 + percent / 100) + slack
                printf "%-10s %s: %d, then %d, in a life of %d s%s\n", name, column, a, b, last[key] - first[key], grown ? ": GROWS" : ""
                bad += grown
            }
            exit bad > 0
        }' "$SOAK/samples.csv" | tee -a "$SOAK/growth"
}

# A table of what a daemon wrote at level warning and error that explained.regex
# does not explain; each once, numbers left out.
unexplained() {
    grep -hE '^postseal[a-z-]*: (warning|error): |^postseal: |Sanitizer|runtime error' \
        /var/log/postseal-*.log |
        grep -vE -f <(table "$SOAK_HOME/explained.regex") |
        sed -E 's/[0-9]+/N/g' | sort | uniq -c | sort -rn | head -n 40
}

all_explained() {
    local lines
    lines=$(unexplained)
    [[ -z $lines ]] || because "$lines"
}

# What was broken before it was measured here, as load.sh and strikes.sh saw it.
nothing_broken() {
    [[ ! -s $SOAK/broken ]] || because "$(sort "$SOAK/broken" | uniq -c | head -n 20)"
}

# Once an answer demanded TLS, none may let it go: the law of DESIGN.md section 4.
law_of_answers() {
    local lines
    lines=$(awk '
        $1 ~ /^policy(\+tlsrpt)?$/ && $2 != "plain.test" {
            if ($3 ~ /^(encrypt|dane-only|secure)$/) floor[$2]++
            else if (($3 == "NOTFOUND" || $3 ~ /^(dane|may|none)$/) && floor[$2])
                print $2 " was answered " $3 " after " floor[$2] " times more"
        }
        $1 == "policy-encrypt" && $3 !~ /^(encrypt|dane-only|secure|TEMP)$/ ||
        $1 == "policy-dane-only" && $3 !~ /^(dane-only|TEMP)$/ { print }' "$SOAK/answers")
    [[ -z $lines ]] || because "$(head -n 20 <<<"$lines")"
}

# Each domain of LAW was held to TLS by the end.
all_learned() {
    local name
    for name in "${LAW[@]}"; do
        until_true refute matches "$(ask policy "$name.test")" '^(NOTFOUND|TEMP)$' ||
            because "$name.test has no floor" || return
    done
}

# arrivals: "TIME MSGID TO tls|clear" of each mail that receivers and mailboxes have.
arrivals() {
    local files=("$RECEIVERS_MAIL"/*)
    awk 'function tell() { if (to != "") print time, id, to, how }
        FNR == 1 {
            tell()
            name = FILENAME; sub(/.*\//, "", name); split(name, part, ".")
            micro = name; sub(/.*M/, "", micro); sub(/\..*/, "", micro)
            time = sprintf("%s.%06d", part[1], micro)
            to = id = ""; how = "clear"; head = 1; hops = 0
        }
        /^$/ { head = 0 }
        head && /^Delivered-To: / { to = $2 }
        head && /^Received: / { hops++ }
        head && hops == 1 && /\(using TLS/ { how = "tls" }
        head && tolower($1) == "message-id:" { id = $2; gsub(/[<>]/, "", id) }
        END { tell() }' "${files[@]}" | sort -n
}

# No mail in the clear to whom one went over TLS before.
law_of_arrivals() {
    local lines
    lines=$(arrivals | awk '{ domain = $3; sub(/.*@/, "", domain) }
        $4 == "tls" { tls[domain] = 1 }
        $4 == "clear" && tls[domain] { print }')
    [[ -z $lines ]] || because "$lines"
}

# No mail in the clear to whom a sealed sender wrote, nor to DANE domains.
all_have_arrived() {
    (($(arrivals | wc -l) > 0)) || because 'no mail arrived at all'
}

# fates: "MSGID TO FATE" of all mails out: sent, bounced, or in the queue; "lost"
# for what is none of them. Postfix's log has lines missing where Postfix was
# stopped; then it counts where the mail is found.
fates() {
    postqueue -j | sed -E 's/.*"queue_id": "([^"]*)".*/\1/' >"$SOAK/queue"
    traces >"$SOAK/traces"
    logged_fates | awk '
        NR == FNR { trace[$1] = $2; next }
        $3 == "lost" && $1 in trace { $3 = trace[$1] }
        { print }' "$SOAK/traces" -
}

# "MSGID FATE" of what arrived, came back, or is in the queue.
traces() {
    local qid
    while read -r qid; do
        postcat -hq "$qid" | sed -nE 's/^Message-ID: <([^>]+)>.*/\1 waiting/p'
    done <"$SOAK/queue"
    sed -nE 's/^Message-ID: <([^>]+)>.*/\1 bounced/p' /var/mail/*
    arrivals | awk '{ print $2, "sent" }'
}

logged_fates() {
    local queue=$SOAK/queue
    awk -v queue="$queue" -v log_file="$SENDER_LOG" '
        FILENAME == queue { waiting[$1] = 1; next }
        FILENAME == log_file {
            if (match($0, /cleanup\[[0-9]+\]: [^ :]+: message-id=</)) {
                split($0, part, /: /); id = $0; sub(/.*message-id=</, "", id); sub(/>.*/, "", id)
                qid = substr($0, RSTART, RLENGTH); sub(/^cleanup\[[0-9]+\]: /, "", qid); sub(/:.*/, "", qid)
                if (!(id in queued)) queued[id] = qid
            } else if (match($0, /\]: [^ :]+: to=<[^>]*>/)) {
                qid = substr($0, RSTART + 3); sub(/:.*/, "", qid)
                to = substr($0, RSTART, RLENGTH); sub(/.*to=</, "", to); sub(/>/, "", to)
                status = $0; sub(/.*status=/, "", status); sub(/ .*/, "", status)
                fate[qid, to] = status
            } else if (match($0, /\]: [^ :]+: from=<[^>]*>, status=expired/)) {
                qid = substr($0, RSTART + 3); sub(/:.*/, "", qid)
                expired[qid] = 1
            }
            next
        }
        $1 ~ /^in\./ { next }
        {
            qid = queued[$1]; what = fate[qid, $2]
            if (qid == "") what = "lost"
            else if (what == "sent" || what == "bounced") what = what
            else if (qid in expired) what = "bounced"
            else what = (qid in waiting) ? "waiting" : "lost"
            print $1, $2, what
        }' "$queue" "$SENDER_LOG" "$SOAK/posted"
}

# Every mail that was taken was delivered, came back, or waits; what was delivered is there.
none_lost() {
    local lines
    fates >"$SOAK/fates"
    lines=$({
        grep ' lost$' "$SOAK/fates"
        awk 'NR == FNR { there[$2, $3] = 1; next } $3 == "sent" && !(($1, $2) in there)' \
            <(arrivals) "$SOAK/fates"
    })
    [[ -z $lines ]] || because "$(head -n 20 <<<"$lines")"
}

# What came in is in its mailbox.
all_came_in() {
    local id to missing=
    while read -r id to; do
        [[ $id == in.* ]] || continue
        grep -qF "Message-ID: <$id>" "/var/mail/${to%%@*}" || missing+="$id $to"$'\n'
    done <"$SOAK/posted"
    [[ -z $missing ]] || because "$missing"
}

ledger_is_whole() {
    postseal export --journal "$SOAK/export" >/dev/null && tail -n 1 "$SOAK/export" | grep -q '"end"'
}

few_readers() {
    local count
    count=$(readers)
    ((count <= 2 * ${#DAEMONS[@]})) || because "$count readers in the table"
}

# The ledger knows as much in its last quarter as in the one before; more pages
# would be those that a reader which is gone keeps from being used again.
ledger_is_bounded() {
    awk -F, -v slack=1024 'NR > 1 { size[n++] = $8 }
        END {
            a = size[int(n / 2)]; b = size[n - 1]
            printf "ledger: %d KB at half time, %d KB at the end\n", a, b
            exit b > a * 1.25 + slack
        }' "$SOAK/samples.csv" | tee -a "$SOAK/growth"
}
