# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the cases of tests/faults have beside tests/live/lib.sh.
#
#   mark                     what daemons have logged so far does not count
#   quiet DAEMON MAX         since then it warned MAX times at most: a fault is said
#                            once, not a million times
#   says DAEMON REGEX        since then it said so
#   law_holds                nobody is answered less than he was held to
#   resumes                  service is back: facts are looked for, found and answered
#   glance DOMAIN            has the prober look there
#   idle DAEMON              it does not use up a processor while there is nothing to do
#   preloading LIBRARY VARIABLE=VALUE     daemons restarted with that; without, as ever

declare -A MARK=()

mark() {
    local name
    for name in "${SEAL_DAEMONS[@]}"; do
        MARK[$name]=$(wc -l <"$(seal_log "$name")")
    done
}

news() {
    tail -n "+$((MARK[$1] + 1))" "$(seal_log "$1")"
}

quiet() {
    local lines
    lines=$(news "$1" | grep -E '^postseal-[a-z]*: (warning|error): ')
    (($(grep -c . <<<"$lines") <= $2)) ||
        because "$(sed -E 's/[0-9]+/N/g' <<<"$lines" | sort | uniq -c | sort -rn | head -n 5)"
}

says() {
    matches "$(news "$1")" "$2"
}

# Answers may be missing, but never weaker.
HELD=('dane.test dane-only' 'tls.test encrypt' 'self.test encrypt' 'old.test encrypt')

law_holds() {
    local pair answer
    for pair in "${HELD[@]}"; do
        answer=$(ask policy "${pair% *}")
        [[ $answer == TEMP || $answer == "${pair#* }" ]] ||
            because "$pair was expected, $answer answered" || return
    done
}

all_answered() {
    local pair
    for pair in "${HELD[@]}" 'plain.test NOTFOUND'; do
        answers "${pair% *}" "${pair#* }" || return
    done
}

# Has the prober look, and does not wait long for what cannot be written down.
glance() {
    timeout 2 "$BUILD/postseal" -c "$SEAL_CONF" probe "$1" >/dev/null 2>&1 || true
}

# The look-up is made anew, and the ledger holds what it brought.
looked_at() {
    tick
    local before=$EPOCHSECONDS
    postseal probe "$1" >/dev/null 2>&1 || return
    (($(date -d "$(postseal status --json "$1" | sed -E 's/.*"checked": ?"([^"]*)".*/\1/')" +%s) >= before)) ||
        because "$(postseal status --json "$1")"
}

resumes() {
    until_true all_answered || because "not all are answered: $WHY" || return
    until_true looked_at tls.test || because "nothing new is learned: $WHY"
}

# Processor time over a while in which nobody asks; a loop that spins uses all of it.
idle() {
    local pid=${JOB[postseal-$1]} before after
    before=$(cut -d' ' -f1 "/proc/$pid/schedstat")
    sleep 2
    after=$(cut -d' ' -f1 "/proc/$pid/schedstat")
    (((after - before) / 1000000 < 700)) ||
        because "$(((after - before) / 1000000)) ms of processor time in 2 s"
}

preloading() {
    local wrap=
    (($# == 0)) || wrap="env LD_PRELOAD=$BUILD/faults/$1.so $2"
    seal_down
    # shellcheck disable=SC2034 # for seal_start
    POSTSEAL_WRAP=$wrap
    local name
    for name in "${SEAL_DAEMONS[@]}"; do
        seal_start "$name"
    done
}

# starve DAEMON RESOURCE: not one more than it has now; feed DAEMON RESOURCE: as ever.
# (A limit of descriptors is one of their numbers: the first that is free.)
# As its own user, since root itself may be kept from limiting others.
declare -A FED=()

limit() {
    setpriv --reuid postseal --regid postseal --clear-groups \
        prlimit --pid "${JOB[postseal-$1]}" "${@:2}"
}

starve() {
    local now=1
    FED[$1/$2]=$(limit "$1" "--$2" --raw --output SOFT,HARD --noheadings | tr ' ' ':')
    if [[ $2 == nofile ]]; then
        while [[ -e /proc/${JOB[postseal-$1]}/fd/$now ]]; do
            now=$((now + 1))
        done
    fi
    limit "$1" "--$2=$now:${FED[$1/$2]#*:}" || die "cannot starve $1"
}

feed() {
    limit "$1" "--$2=${FED[$1/$2]}"
}

# write_until_refused NAME TEXT COMMAND...: the command makes alias after alias, NAME
# before a number, until it fails and says TEXT; those it made are in $SOAK/NAME, the
# one it did not is REFUSED.
write_until_refused() {
    local name=$1 text=$2 n
    shift 2
    for ((n = 0; n < 4000; n++)); do
        REFUSED=$name-$n@secure.sender.test
        "$@" alias enable "$REFUSED" --for alice@sender.test >/dev/null 2>"$SOAK/refused" || break
        echo "$REFUSED" >>"$SOAK/$name"
    done
    matches "$(cat "$SOAK/refused")" "$text"
}

# none_missing NAME: all aliases in $SOAK/NAME are on file.
none_missing() {
    local lines
    touch "$SOAK/$1"
    lines=$(comm -23 <(sort "$SOAK/$1") <(postseal alias list | awk '{print $1}' | sort))
    [[ -z $lines ]] || because "lost: $lines"
}

# serves: mail from outside is taken for a secure alias.
serves() {
    smtp_open tls && smtp 'EHLO client.elsewhere.test' &&
        smtp 'MAIL FROM:<x@elsewhere.test>' &&
        smtp_says '^250' 'RCPT TO:<alice@secure.sender.test>'
    local status=$?
    smtp_close
    return $status
}

# --- ledgers -----------------------------------------------------------------------

# floors_stand BEFORE AFTER: exports; whoever had TLS has it, since as early and as late.
floors_stand() {
    local lines
    lines=$(comm -23 <(floors "$1") <(floors "$2"))
    [[ -s $1 && -z $lines ]] || because "lost: $lines"
}

floors() {
    sed -nE 's/^\{"record": ?"(domain|host)", ?"[a-z]*": ?"([^"]*)".*"first_tls": ?"([^"]*)".*/\1 \2 \3/p' \
        "$1" | sort
}

# Readers that are gone must not keep pages: beside a copy without free ones it is
# several times as large at most.
ledger_is_compact() {
    local is compact
    rm -rf "$SOAK/compact"
    mkdir "$SOAK/compact"
    mdb_copy -c "$1" "$SOAK/compact" || return
    is=$(stat -c %s "$1/data.mdb") compact=$(stat -c %s "$SOAK/compact/data.mdb")
    ((is <= 4 * compact + 262144)) || because "$is bytes, $compact without free pages"
}

# side_ledger NAME: an empty one with settings $SOAK/NAME.conf.
side_ledger() {
    rm -rf "${SOAK:?}/$1"
    mkdir -p "$SOAK/$1" "$SOAK/run-$1"
    sed -e "s|^ledger *=.*|ledger = \"$SOAK/$1\"|" -e "s|^runtime *=.*|runtime = \"$SOAK/run-$1\"|" \
        "$SEAL_CONF" >"$SOAK/$1.conf"
    job_start "side-$1" "$BUILD/postseal-prober" -c "$SOAK/$1.conf"
    until_true grep -q READY "/var/log/side-$1.log" || die "no ledger at $SOAK/$1"
    job_stop "side-$1"
}

# delivery_log LINES HOSTS: what Postfix says of deliveries over TLS to so many hosts.
delivery_log() {
    awk -v lines="$1" -v hosts="$2" 'BEGIN {
        for (i = 0; i < lines / 2; i++) {
            host = "mx" (i % hosts) ".example.net"; at = 1767225600 + i * 40
            date = strftime("%Y-%m-%dT%H:%M:%S.000000+00:00", at, 1)
            head = date " mail postfix/smtp[" (100 + i % 7) "]: "
            print head "Trusted TLS connection established to " host "[192.0.2." (i % 250) \
                "]:25: TLSv1." (2 + i % 2) " with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
            printf "%sAB%06X: to=<x@example%d.net>, relay=%s[192.0.2.%d]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)\n", \
                head, i, i % 1000, host, i % 250
        }
    }'
}

export_of() {
    "$BUILD/postseal" -c "$SOAK/$1.conf" export "$SOAK/$1.jsonl" >/dev/null
}

# Journals tell of each ledger's own life, and are left out of exports.
same_knowledge() {
    export_of "$1" && export_of "$2" || return
    cmp "$SOAK/$1.jsonl" "$SOAK/$2.jsonl"
}

all_or_nothing() {
    export_of "$1" || return
    (($(wc -l <"$SOAK/$1.jsonl") == 2)) || cmp "$SOAK/$1.jsonl" "$SOAK/A.jsonl"
}

# --- the clock -----------------------------------------------------------------------

# The look at its host that is shown was made now, not in another time.
seen_now() {
    local host time
    postseal probe "$1" >/dev/null || return
    export_main
    host=mx.$1
    time=$(sed -nE "s/^\{\"record\": ?\"host\", ?\"host\": ?\"$host\".*\"probe\": ?\{\"time\": ?\"([^\"]*)\".*/\1/p" "$SOAK/export")
    time=$(date -d "$time" +%s)
    ((time >= EPOCHSECONDS - 60 && time <= EPOCHSECONDS + 60)) ||
        because "seen at $(date -u -d "@$time"), and it is $(date -u)"
}

export_main() {
    postseal export "$SOAK/export" >/dev/null
}

# Asked about often, it is looked at once, not each time.
settles() {
    local before after
    ask policy "$1" >/dev/null
    sleep 1
    before=$(grep -c "host=mx.$1:25 TLSv" "$(seal_log prober)")
    for _ in {1..10}; do
        ask policy "$1" >/dev/null
        sleep 0.2
    done
    after=$(grep -c "host=mx.$1:25 TLSv" "$(seal_log prober)")
    ((after - before <= 1)) || because "$((after - before)) times"
}
