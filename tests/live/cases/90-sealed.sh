# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Marked mail: whatever an alias makes of it, nothing of it leaves but to the intake

# shellcheck source=tests/live/sealed.sh
. "$LIVE/sealed.sh"
sealed_up
INTAKE=$WORLD/intake
mkdir "$INTAKE"
job_start intake "$LIVE/intake" 127.0.0.1 8691 "$INTAKE"
until_true tcp_open 127.0.0.1 8691 || die 'the intake does not listen'

check 'the map: its sender leads to the intake' \
    equals "$(answer transport "return-x-alice=sender.test@$DOMAIN")" lmtp:inet:127.0.0.1:8691

# sealed_for TO: the intake has this mail for that recipient; LETTER is the file.
has_letter() {
    LETTER=$(grep -lF "$SECRET" "$INTAKE"/* 2>/dev/null | xargs -r grep -liF "RCPT TO:<$1>" | head -n 1)
    [[ $LETTER ]]
}
sealed_for() {
    until_true has_letter "$1" || because "the intake has nothing of $SECRET for $1"
}

# --- a header: To, Cc, Bcc, aliases ---------------------------------------------------------

check 'a header: taken' taken alice alice@sender.test \
    'To: x@plain.test, leads-out@sender.test' 'Cc: Cc@tls.test' 'X-Postseal-Seal: yes' \
    'X-Postseal-PIN: x@plain.test 47110815' -- \
    '<x@plain.test> NOTIFY=FAILURE ORCPT=rfc822;x+2Bplain@plain.test' '<Cc@tls.test>' '<bcc@dane.test>' \
    '<leads-out@sender.test>' '<carol@sender.test>' '<bob@sender.test>'
check 'a header: who reads here, reads it' in_mailbox bob "$MSGID"
for to in "x=plain.test@$DOMAIN" "Cc=tls.test@$DOMAIN" "bcc=dane.test@$DOMAIN" \
    alias@plain.test forward@plain.test; do
    check "a header: sealed for $to" sealed_for "$to"
    check "a header: $to has a token" grep -qi '^X-Postseal-Seal-Token: ' "$LETTER"
    check "a header: $to has no mark" refute grep -qiE '^X-Postseal-(Seal|PIN):|47110815' "$LETTER"
    check "a header: $to comes back to us" grep -qiE "^MAIL FROM:<[^>]*=sender\.test@$DOMAIN>" "$LETTER"
done
check 'a header: the queue is empty' until_true gone "$QID"
check 'a header: nothing of it left' nothing_left
check 'a header: bob sees no PIN' refute grep -q 47110815 /var/mail/bob

# --- an address ---------------------------------------------------------------------------

check 'an address: taken' taken alice alice@sender.test -- "<x=plain.test@$DOMAIN>" '<cc@plain.test>'
check 'an address: sealed' sealed_for "x=plain.test@$DOMAIN"
check 'an address: and so is Cc' sealed_for "cc=plain.test@$DOMAIN"
check 'an address: the queue is empty' until_true gone "$QID"
check 'an address: nothing of it left' nothing_left

check 'what cannot be delivered here: taken' taken alice alice@sender.test 'X-Postseal-Seal: yes' -- \
    '<breaks@sender.test>'
has_bounce() {
    grep -rlF "$SECRET" "$INTAKE" | xargs -r grep -qiE "^RCPT TO:<[^>]*alice=sender\.test@$DOMAIN>"
}
check 'what cannot be delivered here: comes back to the intake, for its sender' \
    until_true has_bounce
check 'what cannot be delivered here: nothing of it left' nothing_left

# --- encrypted already ----------------------------------------------------------------------

check 'encrypted: taken' taken alice alice@sender.test 'X-Postseal-Seal: yes' \
    'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b' -- \
    "<x=tls.test@$DOMAIN>"
check 'encrypted: goes to its recipient' arrived "$MSGID" x@tls.test 'mx.tls.test'
check 'encrypted: without its mark' refute grep -rqi '^X-Postseal' "$RECEIVERS_MAIL"

# --- an alias that seals what it cannot send -------------------------------------------------

postseal probe plain.test >/dev/null
check 'alias: enabled' postseal alias enable sealing@secure.sender.test --for alice@sender.test \
    --otherwise mailbox
check 'alias: no TLS there: taken' taken alice sealing@secure.sender.test -- '<x@plain.test>'
check 'alias: sealed' sealed_for "x=plain.test@$DOMAIN"
check 'alias: nothing of it left' nothing_left
check 'alias: TLS there: taken' taken alice sealing@secure.sender.test -- '<x@tls.test>'
check 'alias: sent' sent "$QID" x@tls.test
check 'alias: over TLS' over "$QID" x@tls.test 'Trusted TLS'
postseal alias enable sealing@secure.sender.test --otherwise refuse >/dev/null
check 'alias: without that: refused, and told how to seal' \
    not_taken "write to x=plain.test@$DOMAIN" alice sealing@secure.sender.test -- '<x@plain.test>'
postseal alias disable sealing@secure.sender.test >/dev/null

# --- who may not ----------------------------------------------------------------------------

LOGIN_NEEDED='^550 5\.7\.1 Only users who have logged in'
check "another's address: refused" not_taken '^550 5\.7\.1 .*yours' bob alice@sender.test \
    'X-Postseal-Seal: yes' -- '<x@plain.test>'
check 'a weak PIN: refused' not_taken '^550 5\.7\.1 The PIN' alice alice@sender.test \
    'X-Postseal-PIN: x@plain.test 12345678' -- '<x@plain.test>'
check 'nonsense: refused' not_taken '^550 5\.6\.0' alice alice@sender.test \
    'X-Postseal-Seal: no' -- '<x@plain.test>'

SMTP_HOST=127.0.0.1 smtp_open plain
smtp 'EHLO here.sender.test'
smtp 'MAIL FROM:<alice@sender.test>'
smtp 'RCPT TO:<x@plain.test>'
smtp DATA
smtp_send 'From: alice@sender.test'
smtp_send 'X-Postseal-Seal: yes'
check 'here, without a login: refused' smtp_message no-login@live.test
check 'here, without a login: told why' matches "$REPLY_TEXT" "$LOGIN_NEEDED"
smtp 'MAIL FROM:<alice@sender.test>'
smtp "RCPT TO:<x=plain.test@$DOMAIN>"
smtp DATA
smtp_send 'From: alice@sender.test'
smtp_message no-login-2@live.test
check 'here, an address without a login: refused' matches "$REPLY_TEXT" "$LOGIN_NEEDED"
smtp_close

# A machine of the same network may send mail out, and does not log in.
sent_on() {
    smtp_open plain
    smtp 'EHLO printer.sender.test'
    smtp 'MAIL FROM:<alice@sender.test>'
    smtp 'RCPT TO:<x@plain.test>'
    smtp DATA
    smtp_send 'From: alice@sender.test'
    smtp_send 'X-Postseal-Seal: yes'
    smtp_message sent-on@live.test
    check 'sent on without a login: refused' matches "$REPLY_TEXT" "$LOGIN_NEEDED"
    smtp_close
}
with mynetworks "127.0.0.0/8 $OUTSIDE_ADDR" sent_on

# A program that forwards for a user, as Sieve may: in its own name, and in that of the sender.
redirected() { # SENDER
    SMTP_HOST=127.0.0.1 smtp_open plain
    smtp 'EHLO here.sender.test'
    smtp "MAIL FROM:<$1>"
    smtp 'RCPT TO:<x@plain.test>'
    smtp DATA
    smtp_send 'From: alice@sender.test'
    smtp_send 'X-Postseal-Seal-Token: as it came'
    smtp_message redirected@live.test
    smtp_close
}
redirected bob@sender.test
check 'sealed mail, sent on in another name: refused' matches "$REPLY_TEXT" '^550 5\.7\.1 This is sealed mail'
redirected "return-x-alice=sender.test@$DOMAIN"
check 'sealed mail, sent on as it came: taken' smtp_queued
SECRET=redirected@live.test
check 'sealed mail, sent on as it came: goes to the intake' sealed_for x@plain.test

# Where the class of a domain, not the sender, says by what service its mail leaves, a
# recipient that stays beside the sealed one would get it.
relayed() {
    check 'a relayed domain: taken' taken alice alice@sender.test 'X-Postseal-Seal: yes' -- \
        '<"y"@plain.test>' '<Z@PLAIN.test>'
    check 'a relayed domain: sealed' sealed_for "y=plain.test@$DOMAIN"
    check 'a relayed domain: sealed, in capitals' sealed_for "Z=plain.test@$DOMAIN"
    check 'a relayed domain: the queue is empty' until_true gone "$QID"
    check 'a relayed domain: nothing of it left' nothing_left
    check 'a relayed domain, by a route: refused' not_taken '^550 5\.1\.3' alice alice@sender.test \
        'X-Postseal-Seal: yes' -- '<@tls.test:x@plain.test>'
}
with relay_domains plain.test relayed

printf '%s\n' 'From: alice@sender.test' 'Message-ID: <by-sendmail@live.test>' 'X-Postseal-Seal: yes' \
    '' Hello. | sendmail -i -f alice@sender.test x@plain.test
check 'sendmail(1): a header comes back' returned alice by-sendmail@live.test "Only users who have logged in"
check 'sendmail(1): and does not leave' not_arrived by-sendmail@live.test x@plain.test
mail_send alice@sender.test "x=plain.test@$DOMAIN"
check 'sendmail(1): an address comes back' bounced "$QID" "x=plain.test@$DOMAIN" 'no token'
mail_send alice@sender.test x@tls.test
check 'sendmail(1): other mail leaves' sent "$QID" x@tls.test

smtp_open tls
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
check 'the world cannot write to the domain' smtp_says '^[45]5' "RCPT TO:<x=plain.test@$DOMAIN>"
smtp 'RCPT TO:<bob@sender.test>'
smtp DATA
smtp_send 'X-Postseal-Seal: yes'
smtp_send 'X-Postseal-PIN: bob@sender.test 1'
smtp_send 'X-Postseal-Anything: x'
smtp_message world@live.test
smtp_close
check 'the world: its marks are taken away' in_mailbox bob world@live.test
check 'the world: all of them' refute matches "$(notice bob world@live.test)" X-Postseal

# --- without the milter ----------------------------------------------------------------------

unmilted() {
    check 'without the milter: taken' taken alice alice@sender.test -- "<x=plain.test@$DOMAIN>"
    check 'without the milter: refused by the intake' \
        bounced "$QID" "x=plain.test@$DOMAIN" 'no token'
    check 'without the milter: nothing of it left' nothing_left
    # What the last belt is for.
    check 'without the milter, a header: taken' taken alice alice@sender.test \
        'X-Postseal-PIN: x@tls.test 47110815' -- '<x@tls.test>'
    check 'without the milter, a header: leaves without it' arrived "$MSGID" x@tls.test mx.tls.test
    check 'without the milter, a header: no PIN left' refute grep -rqE 'X-Postseal|47110815' "$RECEIVERS_MAIL"
}
with smtpd_milters '' unmilted

job_stop intake || true
sealed_down
