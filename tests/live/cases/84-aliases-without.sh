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

# outside plain|tls: a stranger writes to her; taken, or REPLY_TEXT says why not.
outside() {
    REPLY_TEXT=
    smtp_open "$1" && smtp 'EHLO client.elsewhere.test' &&
        smtp 'MAIL FROM:<x@elsewhere.test>' && begun 'RCPT TO:<alice@secure.sender.test>' &&
        begun DATA && smtp_message "$2" && matches "$REPLY_TEXT" '^250'
    ended
}

# submission TO ID: she writes from her alias.
submission() {
    REPLY_TEXT=
    login alice && smtp "MAIL FROM:<$FROM>" && begun "RCPT TO:<$1>" && begun DATA &&
        smtp_message "$2" && smtp_queued
    ended
}

# Goes on only after a reply that says so, and forgets that one.
begun() {
    [[ $REPLY_TEXT == [23]* ]] && REPLY_TEXT= && smtp "$1"
}

ended() {
    local status=$?
    smtp_close
    return "$status"
}

put_off() {
    ! "$@" && refute matches "$REPLY_TEXT" '^[235]'
}

# What is known to be impossible may be refused for good.
stopped() {
    ! "$@" && refute matches "$REPLY_TEXT" '^[23]'
}

# nothing_passes WHAT: neither to her nor from her, from outside.
nothing_passes() {
    check "$1: to her, in the clear: not taken" stopped outside plain "to-plain-$1@live.test"
    check "$1: to her, over TLS: put off" put_off outside tls "to-tls-$1@live.test"
    check "$1: from her, submitted: put off" put_off submission x@plain.test "from-$1@live.test"
}

# all_passes WHAT: when it is back, and nobody did more than send again.
all_passes() {
    check "$1: to her, in the clear: refused" stopped outside plain "to-plain-$1@live.test"
    check "$1: to her, over TLS: taken" outside tls "to-tls-$1@live.test"
    check "$1: to her, over TLS: arrives" in_mailbox alice "to-tls-$1@live.test"
    check "$1: from her, submitted: taken" submission x@tls.test "from-$1@live.test"
    check "$1: from her, submitted: sent" sent "$QID" x@tls.test
    check "$1: from her, submitted: over TLS" over "$QID" x@tls.test 'Trusted TLS'
    check "$1: what was put off never came" \
        refute grep -qsF to-plain- /var/mail/alice
}

# --- socketmap ----------------------------------------------------------------

# One mail is in the queue already, and has to be resolved and sent without it.
mail_send "$FROM" x@dead.test
deferred "$QID" x@dead.test
queued=$QID
seal_kill socketmap
mail_retry "$queued"
check 'no socketmap: what is in the queue waits' deferred "$queued" x@dead.test
nothing_passes no-socketmap
mail_post "$FROM" x@plain.test
untaken() {
    until_true log_has "$SENDER_LOG" "[0-9A-F]: virtual_alias_maps map lookup problem for x@plain.test" &&
        ! log_has "$SENDER_LOG" "message-id=<$MSGID>"
}
check 'no socketmap: what is sent is not taken' untaken
seal_start socketmap
comes_to_an_end 'no socketmap'
all_passes socketmap-back

# Alive, and not answering. That Postfix waits for it shows in what it has not read.
unread() {
    [[ $(ss -Htn state established '( sport = :7672 )' | awk '$1 > 0') ]]
}
hangs() {
    job_freeze postseal-socketmap
    "$@"
    check "socketmap hangs: Postfix waits for it" until_true unread
    check "socketmap hangs: nothing arrived" not_arrived "$MSGID" x@plain.test
    job_thaw postseal-socketmap
}
hangs mail_post "$FROM" x@plain.test
comes_to_an_end 'socketmap hangs'

smtp_open plain
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
hangs smtp_send 'RCPT TO:<alice@secure.sender.test>'
smtp_reply
check 'socketmap goes on: to her, in the clear: refused' matches "$REPLY_TEXT" '^550 5\.7\.10'
smtp_close
all_passes socketmap-goes-on

# --- ledger -------------------------------------------------------------------

# broken HOW: Postfix takes the mail, which needs no ledger, and then has to wait.
broken() {
    seal_start socketmap
    mail_send "$FROM" x@plain.test
    check "ledger $1: waits" deferred "$QID" x@plain.test 'address resolver failure'
    check "ledger $1: nothing arrived" not_arrived "$MSGID" x@plain.test
    check "ledger $1: the log says why" log_has "$(seal_log socketmap)" 'cannot be opened, so mail waits'
    nothing_passes "ledger-$1"
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
all_passes ledger-mended

# --- milter -------------------------------------------------------------------

seal_kill milter
nothing_passes no-milter
mail_send "$FROM" x@plain.test
check 'no milter: from this machine, stopped all the same' bounced "$QID" x@plain.test
seal_start milter
all_passes milter-back

# Alive, and not answering: the same, once Postfix has lost patience (sooner here than
# as shipped).
milter_hangs() {
    outside_begins plain
    job_freeze postseal-milter
    check 'milter hangs: to her, in the clear: put off' \
        smtp_says '^4' 'RCPT TO:<alice@secure.sender.test>'
    job_thaw postseal-milter
    smtp_close
    outside_begins tls
    job_freeze postseal-milter
    check 'milter hangs: to her, over TLS: put off' \
        smtp_says '^4' 'RCPT TO:<alice@secure.sender.test>'
    job_thaw postseal-milter
    smtp_close
    login alice
    job_freeze postseal-milter
    check 'milter hangs: from her: put off' smtp_says '^4' "MAIL FROM:<$FROM>"
    job_thaw postseal-milter
    smtp_close
}
outside_begins() {
    smtp_open "$1"
    smtp 'EHLO client.elsewhere.test'
    smtp 'MAIL FROM:<x@elsewhere.test>'
}
milter_setting=$(postconf -h postseal_milter)
with postseal_milter "${milter_setting/command_timeout=30s/command_timeout=2s}" milter_hangs
all_passes milter-goes-on

login alice
job_freeze postseal-milter
smtp_send "MAIL FROM:<$FROM>"
seal_kill milter
smtp_reply
check 'milter hangs, and is killed: put off' matches "$REPLY_TEXT" '^4'
smtp_close
seal_start milter

# --- prober -------------------------------------------------------------------

# Whom nobody knows is held to the level all the same.
unseen() {
    check "$1: to her, in the clear: refused" stopped outside plain "to-plain-$1@live.test"
    check "$1: to her, over TLS: taken" outside tls "to-tls-$1@live.test"
    postseal forget plain.test --yes >/dev/null
    postseal forget tls.test --yes >/dev/null
    postseal forget dane.test --yes >/dev/null
    reload
    check "$1: from her, submitted: taken" submission x@plain.test "from-$1@live.test"
    check "$1: without TLS: comes back" bounced "$QID" x@plain.test 'encrypted connections only'
    check "$1: without TLS: nothing arrived" not_arrived "$MSGID" x@plain.test
    mail_send "$FROM" x@tls.test
    check "$1: with TLS: sent" sent "$QID" x@tls.test
    check "$1: with TLS: over TLS" over "$QID" x@tls.test 'Trusted TLS'
    mail_send proven@secure.sender.test x@dane.test
    check "$1: with DANE: sent" sent "$QID" x@dane.test
    check "$1: with DANE: verified" over "$QID" x@dane.test 'Verified TLS'
}
cp "$SEAL_CONF" "$SEAL/conf.before"
seal_setting first_contact_wait 1
seal_restart
seal_kill prober
unseen no-prober
seal_start prober
all_passes prober-back
job_freeze postseal-prober
unseen prober-hangs
job_thaw postseal-prober
cat "$SEAL/conf.before" >"$SEAL_CONF"
seal_restart
all_passes prober-goes-on

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
