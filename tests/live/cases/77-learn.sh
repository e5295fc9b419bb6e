# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Learning from deliveries: what Postfix's log proves is held to from then on

learn() {
    setpriv --reuid postseal --regid postseal --init-groups \
        "$BUILD/postseal" learn "$@"
}

seal_down
seal_setting learn_from '{"delivery"}'
rm -f "$SEAL"/ledger/*
for name in "${SEAL_DAEMONS[@]}"; do
    seal_start "$name"
done
chgrp postseal "$SENDER_LOG"
chmod 640 "$SENDER_LOG"

check 'not learned from a probe' answers tls.test NOTFOUND
mail_send alice@sender.test x@tls.test
check 'first mail: sent' sent "$QID" x@tls.test
check 'first mail: over TLS' over "$QID" x@tls.test 'TLS connection'

check 'the log is read' learn "$SENDER_LOG"
check 'held to TLS from now on' answers tls.test encrypt
check 'who never had TLS is not' answers plain.test NOTFOUND
check 'status shows the delivery' \
    matches "$(postseal status --json x@tls.test)" '"tls_version":"TLSv1'

# What only learning has seen is on record of the host; explain and forget go by it, too.
explained=$(postseal explain tls.test)
check 'explain: TLS was seen' matches "$explained" 'TLS +first seen 20'
check 'explain: and so it has a floor' matches "$explained" 'floor +yes'
before_again=$(postseal history --json tls.test)
check 'the log once more' learn "$SENDER_LOG"
check 'changes nothing' equals "$(postseal history --json tls.test)" "$before_again"

# The same log as of receivers elsewhere: mail to 127.0.0.0/8 is not judged. With
# smtp_tls_loglevel = 0, Postfix's default, it has no lines about TLS.
elsewhere=$WORLD/elsewhere.log
silent=$WORLD/silent.log
sed 's/\[127\.0\.1\./[192.0.2./' "$SENDER_LOG" >"$elsewhere"
grep -v ' TLS connection ' "$elsewhere" >"$silent"
preview() {
    local status=0
    postseal preview "$1" >"$WORLD/previewed" 2>&1 || status=$?
    echo "status $status" >>"$WORLD/previewed"
    matches "$(tr '\n' ' ' <"$WORLD/previewed")" "$2"
}
check 'preview: judges what was sent' preview "$elsewhere" '[1-9][0-9]* deliver.*would go the same way.*status [01]'
check 'preview: without lines about TLS it cannot tell' preview "$silent" \
    '[1-9][0-9]* deliver.*does not say which.*smtp_tls_loglevel=1.*status 3'
check 'preview: nor by mail that stays here' preview "$SENDER_LOG" 'mail to this machine itself.*status 3'

# As a service, beside the others.
job_start postseal-learn setpriv --reuid postseal --regid postseal --init-groups \
    "$BUILD/postseal" learn --follow "$SENDER_LOG"
mail_send alice@sender.test x@self.test
check 'followed: sent' sent "$QID" x@self.test
check 'followed: learned' until_true answers self.test encrypt
receiver_tls mx.self.test off
tick
mail_send alice@sender.test x@self.test
check 'STARTTLS gone: the mail waits' deferred "$QID" x@self.test 'TLS is required'
downgraded() {
    matches "$(postseal status x@self.test)" 'DOWNGRADE since'
}
check 'STARTTLS gone: seen at that, without a probe' until_true downgraded
receiver_tls mx.self.test on
tick
mail_retry "$QID"
check 'STARTTLS back: sent' sent "$QID" x@self.test
check 'STARTTLS back: seen at that' until_true refute downgraded
check 'followed: ends in good order' job_stop postseal-learn

seal_down
seal_setting learn_from '{"probe", "delivery"}'
for name in "${SEAL_DAEMONS[@]}"; do
    seal_start "$name"
done

# Forgotten, a provider is looked at again before the next mail.
check 'forget: says what is given up' matches "$(postseal forget --yes tls.test)" 'TLS from 20'
tick
check 'forgotten, and it still has TLS: held again at once' answers tls.test encrypt
