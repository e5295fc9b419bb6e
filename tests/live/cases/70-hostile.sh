# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Hosts that hang, reset, babble or lie cost their own time-out, nobody else's

# Who is asked about in the background notes his answer here, in order of arrival.
ORDER=$WORLD/order
: >"$ORDER"

ask_behind() {
    local got
    got=$(answer policy "$1")
    printf '%s %s\n' "$1" "$got" >>"$ORDER"
}

place() {
    awk -v name="$1" '$1 == name { print NR; exit }' "$ORDER"
}

before() {
    (($(place "$1") < $(place "$2"))) || because "$(cat "$ORDER")"
}

noted() {
    matches "$(awk -v name="$1" '$1 == name { print $2 }' "$ORDER")" "^($2)$"
}

connected() {
    (($(peer_connects "$1") > 0))
}

daemons_live() {
    local name
    for name in "${SEAL_DAEMONS[@]}"; do
        job_running "postseal-$name" || because "postseal-$name is gone" || return
    done
}

HANGING=(silent drip hangs)
HOSTILE=("${HANGING[@]}" endless manylines reset garbage busy refuse badhandshake closes inject)

hostile_jobs=()
for name in "${HOSTILE[@]}"; do
    ask_behind "$name.test" &
    hostile_jobs+=($!)
done
for name in "${HANGING[@]}"; do
    check "$name: is being probed" until_true connected "mx.$name.test"
done

# While they hang, somebody who is not known is looked up, probed and answered.
ask_behind sound.test
check 'the sound one has his answer' noted sound.test encrypt
wait "${hostile_jobs[@]}"
for name in "${HANGING[@]}"; do
    check "$name: others did not wait for it" before sound.test "$name.test"
done

# None of them ever finished a handshake: no floor may come of it. Nor may "454"
# or a closed connection count as "has no TLS", but that is told by status only.
for name in "${HANGING[@]}" endless manylines reset garbage busy refuse \
    badhandshake closes; do
    check "$name: got its answer" noted "$name.test" 'NOTFOUND|TEMP'
done
for name in refuse badhandshake closes hangs; do
    check "$name: failed is not \"no TLS\"" \
        matches "$(postseal status --json "x@$name.test")" '"state": *"unknown"'
done

# What was slipped in before the handshake must not be read as said under TLS:
# the handshake counts and nothing else, or the whole probe is void.
check 'inject: got its answer' noted inject.test 'encrypt|NOTFOUND|TEMP'

check 'one host silent, one sound: answered by the sound one' \
    answers halfsilent.test encrypt
check 'all daemons live' daemons_live

# The resolver hangs: who is known is answered all the same, who is not waits.
: >"$ORDER"
answer policy dane.test >/dev/null
dns_freeze
ask_behind never-asked-either.test &
frozen_job=$!
ask_behind dane.test
check 'resolver hangs: what is known is answered' noted dane.test dane-only
wait "$frozen_job"
dns_thaw
check 'resolver hangs: the other one did not hold it up' \
    before dane.test never-asked-either.test
check 'resolver hangs: what is not known waits' noted never-asked-either.test TEMP
check 'all daemons still live' daemons_live
