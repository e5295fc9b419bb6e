# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The resolver: not on loopback, slow, failing; what it says is believed as far as it may be

# seal_fresh: postseal with these settings and an empty ledger.
seal_fresh() {
    seal_down
    while (($#)); do
        seal_setting "$1" "$2"
        shift 2
    done
    rm -f "$SEAL"/ledger/*
    local name
    for name in "${SEAL_DAEMONS[@]}"; do
        seal_start "$name"
    done
}

# The same resolver, but reached by an address that is not loopback: its word that
# it validated could be anybody's.
seal_fresh resolver "{\"$ME_ADDR\"}"
check 'AD from elsewhere is not believed: no DANE' answers dane.test encrypt
check 'AD from elsewhere: explain says that nothing is signed' \
    matches "$(postseal explain dane.test)" 'not signed'
mail_send alice@sender.test x@dane.test
check 'AD from elsewhere: sent, and over TLS' sent "$QID" x@dane.test
check 'AD from elsewhere: it is seen to be TLS' over "$QID" x@dane.test 'TLS connection'

seal_fresh resolver "{\"$ME_ADDR\"}" resolver_trust_ad true
check 'resolver_trust_ad: believed' answers dane.test dane-only

# Nobody at the first address: the second one is asked.
seal_fresh resolver '{"127.0.3.3", "127.0.0.1"}' resolver_trust_ad false
check 'a resolver that is not there: the next one is asked' answers dane.test dane-only

seal_fresh resolver '{"127.0.0.1"}'
answer_slowly() {
    answer policy "$1" >"$WORLD/slow" &
    local job=$!
    sleep 5             # the fault itself, not a wait for something
    dns_thaw
    wait "$job"
    equals "$(cat "$WORLD/slow")" "$2"
}
dns_freeze
check 'slow by 5 s: DANE all the same' answer_slowly dane.test dane-only
dns_freeze
check 'slow by 5 s: TLS all the same' answer_slowly tls.test encrypt

# One name fails; nobody else minds.
dns_poison mx.sound.test. A
dns_reload
check 'the only MX host cannot be looked up: waits' answers sound.test TEMP
check 'another domain: answered' answers plain.test NOTFOUND
dns_heal mx.sound.test. A
dns_reload
postseal probe sound.test >/dev/null
check 'mended: answered' answers sound.test encrypt
