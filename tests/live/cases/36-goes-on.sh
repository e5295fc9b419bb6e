# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# How far Postfix goes on where the first hosts have no TLS, and where else it may go then

# shellcheck source=tests/live/doctor.sh
. "$LIVE/doctor.sh"

# Five hosts without TLS, and one with it: Postfix tries five addresses as shipped.
six=()
for i in {1..5}; do
    six+=("${i}0 a$i.six.test.")
    dns_set "a$i.six.test." A "$(dns_addr mx.plain.test)"
done
dns_set six.test. MX "${six[@]}" '60 mx.tls.test.'
dns_reload
check 'one of six hosts has TLS: required' answers six.test encrypt
mail_send alice@sender.test x@six.test
check 'as shipped Postfix does not get there: the mail waits' \
    deferred "$QID" x@six.test 'TLS is required, but was not offered by host a'
gets_there() {
    mail_retry "$QID"
    sent "$QID" x@six.test && over "$QID" x@six.test 'TLS connection'
}
check 'without that limit: sent, over TLS' with smtp_mx_address_limit 0 gets_there
dns_set six.test. MX
dns_reload

# A relay for what cannot be delivered is a next hop like any other, and has an answer of its own.
dns_set kept.test. MX '10 mx.tls.test.'
dns_reload
check 'a provider with TLS' answers kept.test encrypt
dns_set kept.test. MX '10 a1.six.test.'
dns_reload
relayed() {
    sender_restart
    mail_send alice@sender.test x@kept.test
}
override() {
    setpriv --reuid postseal --regid postseal --init-groups "$BUILD/postseal" override "$@"
}
with_relay() {
    relayed
    check 'then none without TLS, and a relay without TLS for such mail: it goes there' \
        sent "$QID" x@kept.test 'queued'
    check 'doctor warns of that' doctor_says fallback-relay 'wrong .*goes to \[mx\.plain\.test\]'
    override set '[mx.plain.test]' minimum encrypt -r smtp_fallback_relay >/dev/null
    relayed
    check 'mended as it says: the mail waits' deferred "$QID" x@kept.test 'TLS is required'
    check 'and nothing arrived' not_arrived "$MSGID" x@kept.test
    check 'doctor is content' doctor_says fallback-relay 'ok '
    postsuper -d "$QID" >/dev/null 2>&1
}
with smtp_fallback_relay '[mx.plain.test]' with_relay
override clear '[mx.plain.test]' >/dev/null
dns_set kept.test. MX
for i in {1..5}; do
    dns_set "a$i.six.test." A
done
dns_reload
