# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The rules in mail: those that 10-outbound does not send by, and what an admin says

# An smtp process remembers an answer as long as it lives; each mail here asks anew.
send_anew() {
    sender_restart
    mail_send alice@sender.test "$1"
}

send_anew x@mixed.test
check 'rule 6: some hosts with TLSA: sent' sent "$QID" x@mixed.test
check 'rule 6: to the one that is proven' over "$QID" x@mixed.test 'Verified TLS .* mx\.dane\.test'

send_anew x@rule8.insecure.test
check 'rule 8: unsigned MX, some hosts with TLSA, a floor: sent' sent "$QID" x@rule8.insecure.test
check 'rule 8: over TLS' over "$QID" x@rule8.insecure.test 'TLS connection'

send_anew x@tlsafail.test
check 'rule 10: the TLSA look-up fails: the mail waits' deferred "$QID" x@tlsafail.test
check 'rule 10: nothing arrived' not_arrived "$MSGID" x@tlsafail.test
dns_heal _25._tcp.mx.tlsafail.test. TLSA
dns_reload
postseal probe tlsafail.test >/dev/null
sender_restart
mail_retry "$QID"
check 'rule 10: mended: sent' sent "$QID" x@tlsafail.test
check 'rule 10: mended: verified' over "$QID" x@tlsafail.test 'Verified TLS'
dns_poison _25._tcp.mx.tlsafail.test. TLSA
dns_reload
postseal probe tlsafail.test >/dev/null
check 'rule 10: failing again: the last known state stands in' answers tlsafail.test dane-only

# Rule 1, and the maps of secure aliases beside it.
override() {
    setpriv --reuid postseal --regid postseal --init-groups "$BUILD/postseal" override "$@"
}
check 'rule 1: an admin demands DANE' override set tls.test exact dane-only -r test -e 1h
send_anew x@tls.test
check 'rule 1: no TLSA: the mail waits' deferred "$QID" x@tls.test 'no TLSA records found'
check 'rule 1: cleared' override clear tls.test
sender_restart
mail_retry "$QID"
check 'rule 1: cleared: sent' sent "$QID" x@tls.test
check 'rule 1: an admin demands TLS of one that has none' \
    override set plain.test minimum encrypt -r test
send_anew x@plain.test
check 'rule 1: the mail waits' deferred "$QID" x@plain.test 'TLS is required, but was not offered'
check 'rule 1: nothing arrived' not_arrived "$MSGID" x@plain.test
check 'rule 1: explain says who and why' matches "$(postseal explain plain.test)" 'by postseal: test'
check 'rule 1: cleared, too' override clear plain.test
sender_restart
mail_retry "$QID"
check 'rule 1: cleared: in the clear as before' sent "$QID" x@plain.test

# Rule 3: nobody can look anything up; what is known is held to, and nothing leaves
# in the clear that should not.
check 'rule 3: before' answers loses.test encrypt
dns_down
postseal probe loses.test >/dev/null
check 'rule 3: no DNS: the answer stays' answers loses.test encrypt
send_anew x@loses.test
check 'rule 3: no DNS: the mail waits' deferred "$QID" x@loses.test
dns_back
sender_restart
mail_retry "$QID"
check 'rule 3: DNS back: sent' sent "$QID" x@loses.test
check 'rule 3: DNS back: over TLS' over "$QID" x@loses.test 'TLS connection'
