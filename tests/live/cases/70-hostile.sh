# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Hosts that hang, reset, babble or lie cost their own time-out, nobody else's

# All at once, in the background; each notes its answer and the order of arrival.
HOSTILE=(silent reset garbage endless manylines drip badhandshake closes hangs inject)
: >"$WORLD/order"

ask_behind() {
    local got
    got=$(answer policy "$1.test")
    printf '%s %s\n' "$1" "$got" >>"$WORLD/order"
}

hostile_jobs=()
postseal forget rule7.insecure.test >/dev/null 2>&1 || true
for name in "${HOSTILE[@]}"; do
    ask_behind "$name" &
    hostile_jobs+=($!)
done

connected() {
    (($(peer_connects "mx.$1.test") > 0))
}
for name in silent drip hangs endless; do
    check "$name: is being probed" until_true connected "$name"
done

# While they hang, somebody who was never asked for is looked up, and answered.
ask_behind dane-fades
ask_behind shared

wait "${hostile_jobs[@]}"

place() {
    awk -v name="$1" '$1 == name { print NR; exit }' "$WORLD/order"
}
before() {
    (($(place "$1") < $(place "$2"))) || because "$(cat "$WORLD/order")"
}
for name in silent drip hangs; do
    check "others are answered while $name hangs" before shared "$name"
done

# None of them ever completed a handshake or an EHLO without STARTTLS: whatever
# is said of them, it is not that they have TLS.
answered() {
    matches "$(sed -n "s/^$1 //p" "$WORLD/order")" "^($2)$"
}
for name in silent reset garbage endless manylines drip badhandshake closes hangs; do
    check "$name: it got its answer" answered "$name" 'NOTFOUND|TEMP'
done

# What was injected in the clear must not be read as said under TLS: either the
# handshake counts and nothing else, or the whole probe is void.
check 'inject: the probe ended' answered inject 'encrypt|NOTFOUND|TEMP'

check 'all daemons live' eval 'job_running postseal-prober &&
    job_running postseal-socketmap && job_running postseal-milter'

# A mail to a sound host among sick ones.
mail_send alice@sender.test x@halfsilent.test
check 'one host silent, one sound: the answer is there' answers halfsilent.test encrypt
postsuper -d "$QID" 2>/dev/null
