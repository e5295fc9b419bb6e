# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Once TLS, always TLS: a provider that loses it is not sent to in the clear

mail_send alice@sender.test x@loses.test
check 'while it has TLS: sent' sent "$QID" x@loses.test
check 'while it has TLS: over TLS' over "$QID" x@loses.test 'Trusted TLS'

tick
receiver_tls mx.loses.test off

still_held() {
    check "$1: the mail waits" deferred "$QID" x@loses.test \
        'TLS is required, but was not offered'
    check "$1: nothing arrived" not_arrived "$MSGID" x@loses.test
    check "$1: the answer stays" answers loses.test encrypt
    check "$1: status tells people" \
        matches "$(postseal status x@loses.test)" '^SSL ok.*(DOWNGRADE|downgrade) since'
    check "$1: status tells programs" \
        matches "$(postseal status --json x@loses.test)" '"downgrade_since":"2'
    check "$1: list tells it" matches "$(postseal list)" 'loses\.test .*downgrade'
}

mail_send alice@sender.test x@loses.test
postseal probe loses.test >/dev/null 2>&1
still_held 'STARTTLS gone'

seal_kill prober
seal_kill socketmap
seal_kill milter
mail_retry "$QID"
check 'postseal gone: the mail waits' deferred "$QID" x@loses.test
check 'postseal gone: nothing arrived' not_arrived "$MSGID" x@loses.test
seal_start prober
seal_start socketmap
seal_start milter
sender_restart
mail_retry "$QID"
still_held 'everything killed and restarted'

receiver_tls mx.loses.test on
mail_retry "$QID"
check 'STARTTLS back: sent' sent "$QID" x@loses.test
check 'STARTTLS back: over TLS' over "$QID" x@loses.test 'Trusted TLS'

# The same, done by an attacker on the wire.
mail_send alice@sender.test x@stripped.test
check 'before the attack: over TLS' sent "$QID" x@stripped.test
receiver_down mx.stripped.test
peer_start mx.stripped.test strip mx.tls.test
mail_send alice@sender.test x@stripped.test
check 'STARTTLS cut out on the wire: the mail waits' \
    deferred "$QID" x@stripped.test 'TLS is required, but was not offered'
check 'STARTTLS cut out on the wire: nothing arrived' \
    not_arrived "$MSGID" x@stripped.test
peer_stop mx.stripped.test
receiver_up mx.stripped.test
mail_retry "$QID"
check 'attack over: sent' sent "$QID" x@stripped.test
