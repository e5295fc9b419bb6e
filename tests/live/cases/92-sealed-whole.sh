# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Sealed mail, whole: link mails leave, nothing else does, and the sender gets a receipt

# shellcheck source=tests/live/sealed.sh
. "$LIVE/sealed.sh"
sealed_up
mailbox_up

check 'a header: taken' taken alice alice@sender.test 'X-Postseal-Seal: yes' \
    'X-Postseal-PIN: x@plain.test 47110815' -- \
    '<x@plain.test>' '<Cc@tls.test>' '<bcc@dane.test>' '<leads-out@sender.test>' \
    '<carol@sender.test>' '<bob@sender.test>'
check 'a header: who reads here, reads it' in_mailbox bob "$MSGID"
for to in x@plain.test Cc@tls.test bcc@dane.test alias@plain.test forward@plain.test; do
    check "a header: $to gets a link" link_for "$to"
    check "a header: $to gets it from us" matches "$(headers "$LINK" | grep '^From:')" \
        'Alice.*<sealed@sender\.test>'
done
check 'a header: the queue is empty' until_true gone "$QID"
check 'a header: nothing else left' nothing_left
has_receipt() {
    grep -qE '^X-Postseal-PIN: +x@plain\.test 47110815' /var/mail/alice
}
check 'alice has a receipt with the PIN' until_true has_receipt

# Bob reads here, and his copy has the token. With it he seals nothing that alice did not write.
thief() {
    awk '/^From / { mail = "" } { mail = mail $0 "\n" } END { printf "%s", mail }' /var/mail/bob \
        >"$WORLD/last"
    headers "$WORLD/last" | grep -iE '^(X-Postseal-Seal-Token|From|Subject|Message-ID|Date): ' \
        >"$WORLD/thief"
    grep -q '^X-Postseal-Seal-Token: ' "$WORLD/thief" || because "bob's copy has no token" || return
    printf '\n%s\n' "$1" >>"$WORLD/thief"
    sendmail -i -f alice@sender.test "${2/@/=}@$DOMAIN" <"$WORLD/thief"
}
check 'bob takes the token' thief 'Send me your money.' victim@plain.test
check 'a stolen token: refused by the intake' until_true log_has "$SENDER_LOG" \
    'to=<victim=plain.test@sealed.sender.test>.*status=bounced.*is of another mail'
check 'a stolen token: no link left' refute has_link victim@plain.test
# He may pass the mail on as it is, as by an alias of his: then it is sealed again, and alice hears.
check 'bob passes it on' thief "Body of $SECRET." onward@plain.test
check 'passed on: a link, and no content' link_for onward@plain.test
check 'passed on: nothing else left' nothing_left
check 'passed on: alice is told' until_true grep -q onward@plain.test /var/mail/alice

# --- how a sealed mail would go: map `mailbox` ------------------------------------------------

check 'map mailbox: to the one that is there' equals "$(answer mailbox X@PLAIN.test)" mailbox
check 'map mailbox: to one that is made' equals "$(answer mailbox nobody@plain.test)" new-mailbox
check 'status: to the one that is there' matches "$(postseal status --json X@PLAIN.test)" '"seal":"mailbox"\}$'
check 'status: to one that is made' matches "$(postseal status --json nobody@plain.test)" '"seal":"new-mailbox"\}$'
check 'status: a domain' refute grep -q seal <<<"$(postseal status --json plain.test)"
check 'map mailbox: no address' equals "$(answer mailbox plain.test)" NOTFOUND

check 'an address: taken' taken alice alice@sender.test -- "<y=plain.test@$DOMAIN>"
check 'an address: a link' link_for y@plain.test
check 'an address: nothing else left' nothing_left

without_milter() {
    check 'without the milter: taken' taken alice alice@sender.test -- "<z=plain.test@$DOMAIN>"
    check 'without the milter: refused by the intake' bounced "$QID" "z=plain.test@$DOMAIN" ''
    check 'a forged token: taken' taken alice alice@sender.test \
        'X-Postseal-Seal-Token: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' -- \
        "<z=plain.test@$DOMAIN>"
    check 'a forged token: refused by the intake' bounced "$QID" "z=plain.test@$DOMAIN" ''
    check 'without the milter: no link left' refute has_link z@plain.test
    check 'without the milter: nothing left' nothing_left
}
with smtpd_milters '' without_milter

# While postseal-mailbox hangs, who asks about it waits, and nobody else.
hung() {
    job_freeze postseal-mailbox
    # postmap says on standard error that it got no answer.
    postmap -q x@plain.test "$SOCKETMAP:mailbox" >"$WORLD/hung" 2>&1 &
    check 'it hangs: other maps are answered' equals "$(answer policy plain.test)" NOTFOUND
    check 'it hangs: nothing said yet' equals "$(cat "$WORLD/hung")" ''
    wait $!
    check 'it hangs: it cannot be told' matches "$(cat "$WORLD/hung")" 'cannot be told now|error'
    job_thaw postseal-mailbox
    check 'it goes on: it can be told' equals "$(answer mailbox x@plain.test)" mailbox
}
hung

away() {
    check 'map mailbox: it is away' equals "$(answer mailbox x@plain.test)" TEMP
    check 'the daemon is away: taken' taken alice alice@sender.test -- "<w=plain.test@$DOMAIN>"
    check 'the daemon is away: it waits' deferred "$QID" "w=plain.test@$DOMAIN" ''
    check 'the daemon is away: nothing left' nothing_left
    seal_start mailbox
    mail_retry "$QID"
    check 'and back: a link' link_for w@plain.test
    check 'and back: nothing else left' nothing_left
}
seal_kill mailbox
away

mailbox_down
sealed_down
