# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Secure aliases without postseal: whatever is killed, hung or unreadable, their mail waits

postseal alias enable sealed@secure.sender.test --for alice@sender.test --level encrypt >/dev/null
postseal alias enable proven@secure.sender.test --for alice@sender.test --level authenticated >/dev/null
FROM=sealed@secure.sender.test

# postdrop(1) wakes pickup(8), which then takes all there is.
wake_pickup() {
    printf 'Subject: wake up\n\n' | sendmail bob@sender.test
}

# comes_to_an_end WHAT: mail that waited is looked at as ever once all is back.
comes_to_an_end() {
    wake_pickup
    check "$1, and back: taken" mail_taken
    check "$1, and back: stopped" bounced "$QID" x@plain.test 'encrypted connections only'
    check "$1, and back: nothing arrived" not_arrived "$MSGID" x@plain.test
}

# The dialogue of a submission by its owner, as far as it gets; REPLY_TEXT is the
# last reply.
submission() {
    login alice >/dev/null && smtp "MAIL FROM:<$FROM>" && [[ $REPLY_TEXT == 250* ]] &&
        smtp 'RCPT TO:<x@plain.test>'
    smtp_close
}

# --- socketmap ----------------------------------------------------------------

# One mail is in the queue already, and has to be resolved and sent without it.
mail_send "$FROM" x@dead.test
deferred "$QID" x@dead.test
queued=$QID
seal_kill socketmap
mail_retry "$queued"
check 'no socketmap: what is in the queue waits' deferred "$queued" x@dead.test
mail_post "$FROM" x@plain.test
untaken() {
    until_true log_has "$SENDER_LOG" "[0-9A-F]: virtual_alias_maps map lookup problem for x@plain.test" &&
        ! log_has "$SENDER_LOG" "message-id=<$MSGID>"
}
check 'no socketmap: what is sent is not taken' untaken
submission
check 'no socketmap: submission is put off' matches "$REPLY_TEXT" '^4'
seal_start socketmap
comes_to_an_end 'no socketmap'

# Alive, and not answering. That Postfix waits for it shows in what it has not read.
unread() {
    [[ $(ss -Htn state established '( sport = :7672 )' | awk '$1 > 0') ]]
}
kill -s STOP "${JOB[postseal-socketmap]}"
mail_post "$FROM" x@plain.test
check 'socketmap hangs: Postfix waits for it' until_true unread
check 'socketmap hangs: nothing arrived' not_arrived "$MSGID" x@plain.test
kill -s CONT "${JOB[postseal-socketmap]}"
comes_to_an_end 'socketmap hangs'

# --- ledger -------------------------------------------------------------------

# broken HOW: Postfix takes the mail, which needs no ledger, and then has to wait.
broken() {
    seal_start socketmap
    mail_send "$FROM" x@plain.test
    check "ledger $1: waits" deferred "$QID" x@plain.test 'address resolver failure'
    check "ledger $1: nothing arrived" not_arrived "$MSGID" x@plain.test
    check "ledger $1: the log says why" log_has "$(seal_log socketmap)" 'mail waits until it can be opened'
    seal_stop socketmap
}

seal_stop socketmap
mv "$SEAL/ledger/data.mdb" "$SEAL/data.mdb"
head -c 65536 /dev/urandom >"$SEAL/ledger/data.mdb"
broken destroyed
mv "$SEAL/data.mdb" "$SEAL/ledger/data.mdb"

mode=$(stat -c %a "$SEAL/ledger/data.mdb")
chmod 000 "$SEAL/ledger/data.mdb"
broken unreadable
chmod "$mode" "$SEAL/ledger/data.mdb"

seal_start socketmap
reload      # qmgr(8) remembers the last answer, this one too
mail_retry "$QID"
check 'ledger mended: stopped' bounced "$QID" x@plain.test 'encrypted connections only'
check 'ledger mended: nothing arrived' not_arrived "$MSGID" x@plain.test

# --- milter -------------------------------------------------------------------

seal_kill milter
SMTP_PORT=587 smtp_open plain
smtp_close
check 'no milter: submission is put off' until_true log_has "$SENDER_LOG" \
    'submission/smtpd.* milter-reject: .* 451 4\.7\.1'
mail_send "$FROM" x@plain.test
check 'no milter: from this machine, stopped all the same' bounced "$QID" x@plain.test
seal_start milter

login alice
kill -s STOP "${JOB[postseal-milter]}"
smtp_send "MAIL FROM:<$FROM>"
seal_kill milter
smtp_reply
check 'milter hangs, and is killed: put off' matches "$REPLY_TEXT" '^4'
smtp_close
seal_start milter

# --- prober -------------------------------------------------------------------

# Whom nobody knows is held to the level all the same.
seal_kill prober
mail_send "$FROM" x@plain.test
check 'no prober: without TLS: comes back' bounced "$QID" x@plain.test
mail_send "$FROM" x@unprobed.test
check 'no prober: with TLS: sent' sent "$QID" x@unprobed.test
check 'no prober: with TLS: over TLS' over "$QID" x@unprobed.test 'Trusted TLS'
mail_send proven@secure.sender.test x@dane.test
check 'no prober: with DANE: sent' sent "$QID" x@dane.test
check 'no prober: with DANE: verified' over "$QID" x@dane.test 'Verified TLS'
seal_start prober

# --- Postfix -------------------------------------------------------------------

# The transports are not there (yet).
postconf -M# postseal-encrypt/unix
reload
mail_send "$FROM" x@plain.test
check 'no transport: waits' deferred "$QID" x@plain.test 'transport'
postconf -M postseal-encrypt/unix="$(fragment master.cf.outbound | awk '
    /^[^ ]/ { here = $1 == "postseal-encrypt" } here' | tr -s '\n ' ' ')"
reload
mail_retry "$QID"
check 'transport back: stopped' bounced "$QID" x@plain.test

postsuper -d "$queued" 2>/dev/null
