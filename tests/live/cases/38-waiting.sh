# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# list --waiting: what postseal holds up in Postfix's queue, and nothing else

waits() {
    matches "$(postseal list --waiting)" "$1"
}

held_mails() {
    postseal stats --prometheus | sed -n 's/^postseal_queue_held_mails //p'
}

# What other cases left in the queue would be listed, too.
postsuper -d ALL >/dev/null 2>&1
check 'nothing waits' equals "$(postseal list --waiting 2>&1)" 'postseal list: no mail waits because of postseal'
check 'nothing waits: counted' equals "$(held_mails)" 0

mail_send alice@sender.test x@loses.test
check 'while it has TLS: sent' sent "$QID" x@loses.test
tick
receiver_tls mx.loses.test off
mail_send alice@sender.test x@loses.test
first=$QID
check 'TLS is gone: the mail waits' deferred "$first" x@loses.test 'TLS is required, but was not offered'
mail_send alice@sender.test y@loses.test
second=$QID
check 'and the next' deferred "$second" y@loses.test 'TLS is required, but was not offered'
is_listed() { waits 'loses\.test +2 +20[0-9TZ:-]+ +20[0-9TZ:-]+'; }
check 'both are listed, since when and until when' until_true is_listed
check 'with why' waits 'TLS is required, but was not offered by host'
check 'for programs' matches "$(postseal list --waiting --json)" \
    '"domain":"loses\.test","mails":2,"oldest":"20.*"returns":"20'
check 'in metrics' equals "$(held_mails)" 2
check 'in stats' matches "$(postseal stats)" 'mails held +2'
check 'not with --no-ledger' refute matches "$(postseal stats --no-ledger --prometheus)" 'queue_held'

receiver_tls mx.loses.test on
tick
mail_retry "$first"
mail_retry "$second"
check 'TLS is back: sent' sent "$first" x@loses.test
check 'TLS is back: both' sent "$second" y@loses.test
nothing_waits() { equals "$(postseal list --waiting)" ''; }
check 'nothing waits any more' until_true nothing_waits
