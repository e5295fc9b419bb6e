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
# it validated could be anybody's, and so could its word that a domain is unsigned.
seal_fresh resolver "{\"$ME_ADDR\"}"
check 'AD from elsewhere is not believed: who is signed is not known' answers dane.test TEMP
check 'AD from elsewhere: explain says that the look-up fails' \
    matches "$(postseal explain dane.test)" 'LOOK-UP HAS FAILED'
check 'AD from elsewhere: the log says why' \
    log_has "$(seal_log prober)" 'domain=dane.test .*resolver_trust_ad'
mail_send alice@sender.test x@dane.test
check 'AD from elsewhere: mail waits' deferred "$QID" x@dane.test

seal_fresh resolver "{\"$ME_ADDR\"}" resolver_trust_ad true
check 'resolver_trust_ad: believed' answers dane.test dane-only

# A resolver that stops validating knows nothing of DNSSEC: what is known stays.
seal_fresh resolver '{}' resolver_trust_ad false
check 'from resolv.conf: DANE' answers dane.test dane-only
check 'from resolv.conf: TLS' answers tls.test encrypt
stays_as_it_was() {
    local domain
    for domain in dane.test tls.test; do
        postseal probe "$domain" >/dev/null
    done
    answers dane.test dane-only && answers tls.test encrypt
}
dns_validate off
check 'it stops validating: nobody loses DANE or TLS' stays_as_it_was
check 'it stops validating: nothing is learned of who is new' answers dane-roll.test TEMP
check 'it stops validating: the log says so' \
    log_has "$(seal_log prober)" 'domain=dane.test .*does not validate DNSSEC'
dns_validate on
echo "nameserver $ME_ADDR" >/etc/resolv.conf
check 'resolv.conf names another one: nobody loses DANE or TLS' stays_as_it_was
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
postseal probe dane-roll.test >/dev/null
check 'all is well again: answered' answers dane-roll.test dane-only

# One that never says anything: the prober is READY before it has given it up, so that nothing
# that starts behind it waits for that.
job_start mute silent_dns 127.0.3.4
until_true grep -q bound /var/log/mute.log || die 'the mute resolver does not start'
: >"$(seal_log prober)"
seal_fresh resolver '{"127.0.3.4"}'
given_up() { log_has "$(seal_log prober)" 'resolver cannot be asked'; }
check 'a mute resolver: told' until_true given_up
check 'a mute resolver: READY came before that' equals \
    "$(grep -oE 'READY|resolver cannot be asked' "$(seal_log prober)" | head -n 1)" READY
job_stop mute || true

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
