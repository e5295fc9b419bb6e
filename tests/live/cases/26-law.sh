# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The law against the world: what was promised holds, whatever DNS says to Postfix by then

# The prober looked a moment ago, and what it saw is fresh for minutes: from here on
# Postfix finds other records than it did.
lies() {
    dns_set "$@"
    dns_reload
    sender_restart
}
truth() {
    lies rule7.insecure.test. MX '10 mx.dane.test.'
}

# An unsigned MX, every host of which has TLSA records: `dane` would send to any host
# that has none.
check 'TLSA behind an unsigned MX, and a floor' answers rule7.insecure.test encrypt
lies rule7.insecure.test. MX '10 mx.plain.test.'
mail_send alice@sender.test x@rule7.insecure.test
check 'then an MX without TLS: the mail waits' \
    deferred "$QID" x@rule7.insecure.test 'TLS is required, but was not offered'
check 'then an MX without TLS: nothing arrived' not_arrived "$MSGID" x@rule7.insecure.test
truth
mail_retry "$QID"
check 'and the truth again: sent' sent "$QID" x@rule7.insecure.test
check 'and the truth again: over TLS' over "$QID" x@rule7.insecure.test 'TLS connection'

# One of two hosts is denied once, and is back when the mail leaves.
dns_set denied.insecure.test. MX '10 mx.denied.insecure.test.' '20 mx.dane.test.'
dns_set mx.denied.insecure.test. A
dns_reload
check 'a host that is denied once' answers denied.insecure.test encrypt
lies mx.denied.insecure.test. A "$(dns_addr mx.plain.test)"
mail_send alice@sender.test x@denied.insecure.test
check 'and is back, without TLS: sent to the other, or waits' outcome "$QID" x@denied.insecure.test
check 'and is back, without TLS: not in the clear' \
    refute matches "$RESULT" 'status=sent.*mx\.denied|relay=mx\.denied[^ ]*, .*status=sent'

# Names and spellings. What Postfix can deliver to is never left to main.cf by its
# spelling alone.
for key in tls.test: '[mx.tls.test]:' '☕.test' 'àא.test' $'a\xe2\x80\x8cb.test' example.123; do
    check "$key: not NOTFOUND" matches "$(postmap -q "$key" socketmap:inet:127.0.0.1:7672:policy 2>&1)" \
        'table lookup problem|Temporary|TEMP|error'
done
# Postfix's ICU makes 0x7f000114 of full-width letters: that is an address, and no domain to look at.
check 'an address in full-width letters: no name is understood' matches \
    "$(postmap -q $'\xef\xbc\x90\xef\xbd\x98\xef\xbc\x97\xef\xbd\x86000114' \
        socketmap:inet:127.0.0.1:7672:policy 2>&1)" 'cannot be understood here'
check 'no next hop at all: NOTFOUND' answers 'not a domain' NOTFOUND
check 'an address without brackets is that address' answers 127.0.1.20 encrypt
# getaddrinfo(3), which Postfix asks about a host first, takes 024 for 20: what the address is held to
# it is held to, even if it has lost TLS since.
check 'an address in octal numbers is that address' answers '[127.0.1.024]' encrypt
receiver_tls mx.tls.test off
sender_restart
mail_send alice@sender.test 'x@[127.0.1.024]'
check 'mail to it waits' deferred "$QID" 'x@\[127\.0\.1\.024\]' 'TLS is required, but was not offered'
postsuper -d "$QID" >/dev/null 2>&1
receiver_tls mx.tls.test on
override() {
    setpriv --reuid postseal --regid postseal --init-groups "$BUILD/postseal" override "$@"
}
check 'an override for a symbol' override set xn--53h.test minimum encrypt -r test
dns_set xn--53h.test. MX '10 mx.plain.test.'
dns_reload
mail_send alice@sender.test x@☕.test
check 'mail to the symbol waits' deferred "$QID" x@☕.test
check 'and nothing arrived' not_arrived "$MSGID" x@xn--53h.test
postsuper -d "$QID" >/dev/null 2>&1
check 'the override goes' override clear xn--53h.test

# A connection in the clear is kept open, and then TLS is required. Before 3.10.3 Postfix goes on with
# it, without asking; a reload ends that, as `postseal override` says.
dns_set open.test. MX '10 mx.plain.test.'
dns_reload
postconf -e max_use=1 smtp_connection_cache_destinations=open.test \
    smtp_connection_cache_time_limit=120s
sender_restart
by_a_kept_connection() {
    mail_send alice@sender.test x@open.test
    sent "$QID" x@open.test && matches "$RESULT" ' conn_use='
}
check 'nothing known: sent, and soon by a connection that is there' until_true by_a_kept_connection
check 'TLS is required, and a reload is asked for' \
    matches "$(override set open.test minimum encrypt -r test)" 'postfix reload'
reload
mail_send alice@sender.test x@open.test
check 'not by that connection' deferred "$QID" x@open.test 'TLS is required, but was not offered'
postsuper -d "$QID" >/dev/null 2>&1
check 'it is not any more' override clear open.test
postconf -X max_use smtp_connection_cache_destinations smtp_connection_cache_time_limit
sender_restart
dns_set open.test. MX
dns_reload

# What explain prints is what the server answers, also for a parent.
check 'an override for all below' override set .parent.test minimum dane -r test
check 'the server says so' \
    equals "$(postmap -q .parent.test socketmap:inet:127.0.0.1:7672:policy)" dane
check 'explain says so' matches "$(postseal explain .parent.test)" 'policy +OK dane'
check 'it goes' override clear .parent.test

# A policy in force, and unsigned DNS that speaks against it.
https_policy sts-lied.insecure.test 'mode: enforce' 'mx: *.sts.test' 'max_age: 86400'
dns_set sts-lied.insecure.test. MX '10 mx.sts.test.'
dns_set _mta-sts.sts-lied.insecure.test. TXT '"v=STSv1; id=1;"'
dns_set mta-sts.sts-lied.insecure.test. A "$(dns_addr mta-sts.sts.test)"
dns_reload
HTTPS_STARTED=
https_start sts-lied.insecure.test && HTTPS_STARTED=1
PROMISE='secure match=.sts.test servername=hostname'
check 'MTA-STS behind an unsigned MX' answers sts-lied.insecure.test "$PROMISE"
believes() {
    dns_set sts-lied.insecure.test. MX "$@"
    dns_reload
    postseal probe sts-lied.insecure.test >/dev/null
    answers sts-lied.insecure.test "$PROMISE"
}
check 'a forged MX with TLSA: the policy holds' believes '10 mx.dane.test.'
check 'a forged MX with unusable TLSA: the policy holds' believes '10 mx.unusable.test.'
sender_restart
mail_send alice@sender.test x@sts-lied.insecure.test
check 'a forged MX: the mail waits' deferred "$QID" x@sts-lied.insecure.test
check 'a forged null MX: the policy holds' believes '0 .'
check 'the truth: the policy holds' believes '10 mx.sts.test.'
sender_restart
mail_retry "$QID"
check 'the truth: sent' sent "$QID" x@sts-lied.insecure.test
check 'the truth: verified' over "$QID" x@sts-lied.insecure.test 'Verified TLS'
[[ -z $HTTPS_STARTED ]] || https_stop sts-lied.insecure.test

# The TLSA look-up of the first host fails, and never succeeded; somebody else answers in
# its place, over TLS. The other host has no TLSA records.
dns_set fail.test. MX '10 mx.fail.test.' '20 mx.tls.test.'
dns_set mx.fail.test. A "$(dns_addr mx.dane-wrong.test)"
dns_set _25._tcp.mx.fail.test. TLSA "3 1 1 $(printf '0%.0s' {1..64})"
dns_reload
dns_poison _25._tcp.mx.fail.test. TLSA
dns_reload
check 'a TLSA look-up that never succeeded, and a floor: mail waits' answers fail.test TEMP
mail_send alice@sender.test x@fail.test
check 'and does so' deferred "$QID" x@fail.test
check 'nothing for the impostor' not_arrived "$MSGID" x@fail.test
postsuper -d "$QID" >/dev/null 2>&1
dns_heal _25._tcp.mx.fail.test. TLSA
dns_reload

# More MX hosts than are kept: the good one is beyond, so nothing is known, and Postfix
# delivers. What its log says then counts.
mapfile -t many < <(printf '10 nosuch%02d.test.\n' {1..32})
dns_set many.insecure.test. MX "${many[@]}" '20 mx.tls.test.'
dns_reload
check '32 hosts without address, and another: main.cf decides' answers many.insecure.test NOTFOUND
mail_send alice@sender.test x@many.insecure.test
check 'Postfix finds the good one' sent "$QID" x@many.insecure.test
check 'and that is the one' matches "$RESULT" 'relay=mx\.tls\.test\['
learn() {
    setpriv --reuid postseal --regid postseal --init-groups "$BUILD/postseal" learn "$@"
}
chgrp postseal "$SENDER_LOG"
chmod 640 "$SENDER_LOG"
check 'the log is read' learn "$SENDER_LOG"
check 'the delivery counts for the domain' answers many.insecure.test encrypt

# Observing: what would be answered, and no mail that waits.
observed() {
    seal_setting enforce false
    seal_restart
    local status=0
    "$@" || status=1
    seal_setting enforce true
    seal_restart
    return "$status"
}
observes() {
    answers tls.test NOTFOUND && answers dane.test dane-only &&
        matches "$(postseal explain tls.test | tr -s ' \n' ' ')" 'would be encrypt, by rule 12' &&
        matches "$(postseal list)" 'tls\.test .* would be encrypt, rule 12'
}
# A look-up that failed in a step before would still be told of.
confirmed() {
    postseal probe "$1" >/dev/null
    refute matches "$(postseal explain "$1")" 'last-known'
}
until_true confirmed dane.test
until_true confirmed tls.test
check 'enforce = false: what DANE demands, and what would be answered' observed observes
check 'enforce = true again' answers tls.test encrypt
