# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A backup MX without TLSA gets nothing in the clear when the DANE MX is down

mail_send alice@sender.test x@backup.test
check 'both up: sent to the primary' sent "$QID" x@backup.test
check 'both up: verified' over "$QID" x@backup.test 'Verified TLS .* mx1\.backup\.test'

receiver_down mx1.backup.test
mail_send alice@sender.test x@backup.test
check 'primary down: the mail waits' deferred "$QID" x@backup.test
check 'primary down: nothing arrived' not_arrived "$MSGID" x@backup.test
check 'primary down: the answer stays' answers backup.test dane-only

postseal forget backup.test >/dev/null
mail_retry "$QID"
check 'primary down and history forgotten: the mail waits' deferred "$QID" x@backup.test
check 'primary down and history forgotten: nothing arrived' \
    not_arrived "$MSGID" x@backup.test

receiver_up mx1.backup.test
mail_retry "$QID"
check 'primary back: sent' sent "$QID" x@backup.test
check 'primary back: verified' over "$QID" x@backup.test 'Verified TLS'
