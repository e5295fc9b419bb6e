# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Ways around a secure alias: who may write from it, and that nothing of it leaves in the clear

check 'an alias of alice' postseal alias enable sealed@secure.sender.test \
    --for alice@sender.test --level encrypt
check 'a stricter one' postseal alias enable strict@secure.sender.test \
    --for alice@sender.test --level dane-only
check 'one of bob' postseal alias enable bobs@secure.sender.test --for bob@sender.test

NOT_OWNER='^550 5\.7\.1 .*only from its owner'

# --- who may ------------------------------------------------------------------

smtp_open plain
smtp 'EHLO client.elsewhere.test'
check 'in the clear, not logged in: refused' \
    smtp_says '^550 5\.7\.' 'MAIL FROM:<sealed@secure.sender.test>'
check 'nor as somebody trusted' smtp_says '^5' 'XCLIENT LOGIN=alice@sender.test ADDR=127.0.0.1'
check 'XCLIENT changed nothing' smtp_says '^550 5\.7\.' 'MAIL FROM:<sealed@secure.sender.test>'
check 'XFORWARD: refused' smtp_says '^5' 'XFORWARD ADDR=127.0.0.1'
smtp_close

smtp_open tls
smtp 'EHLO client.elsewhere.test'
check 'over TLS, not logged in: refused' \
    smtp_says "$NOT_OWNER" 'MAIL FROM:<sealed@secure.sender.test>'
check 'an ordinary sender: taken' smtp_says '^250' 'MAIL FROM:<x@elsewhere.test>'
smtp_close

# All in one go, not waiting for replies.
smtp_open tls
smtp 'EHLO client.elsewhere.test'
smtp_send $'MAIL FROM:<sealed@secure.sender.test>\r\nRCPT TO:<bob@sender.test>\r\nDATA'
smtp_reply
check 'pipelined: refused' matches "$REPLY_TEXT" "$NOT_OWNER"
smtp_reply
check 'pipelined: no recipient' matches "$REPLY_TEXT" '^503'
smtp_reply
check 'pipelined: no mail' matches "$REPLY_TEXT" '^5'
smtp_close

SMTP_PORT=587 smtp_open plain
smtp 'EHLO client.elsewhere.test'
check 'submission offers no login in the clear' refute matches "$REPLY_TEXT" AUTH
check 'and takes none' smtp_says '^530' 'AUTH PLAIN AGEAYg=='
# What was sent behind STARTTLS in the clear must not be heard within TLS (RFC 3207 4.2).
smtp_send $'STARTTLS\r\nMAIL FROM:<sealed@secure.sender.test>\r\nRCPT TO:<bob@sender.test>'
check 'nothing behind STARTTLS is answered' smtp_starttls_alone
smtp_close

# RFC 3207 wants another EHLO; whoever saves it is no more, and no less, than he is.
SMTP_PORT=587 smtp_open tls
check 'after STARTTLS, no EHLO: refused' \
    smtp_says '^5' 'MAIL FROM:<sealed@secure.sender.test>'
check 'after STARTTLS, no EHLO: bob logs in' smtp_says '^235' "AUTH PLAIN $(login_secret bob)"
check 'after STARTTLS, no EHLO: bob is refused' \
    smtp_says "$NOT_OWNER" 'MAIL FROM:<sealed@secure.sender.test>'
check 'after STARTTLS, no EHLO: but has his own' \
    smtp_says '^250' 'MAIL FROM:<bobs@secure.sender.test>'
smtp_close

# Each way to write an alias, as somebody else, and as its owner. The first ones
# name it without doubt, so its level holds as well; what mail servers of old took
# for routes makes at least a sealed sender.
SPELLINGS=(
    '<strict@secure.sender.test>'
    '<Strict@SECURE.Sender.TEST>'
    '<strict+list@secure.sender.test>'
    '<"strict"@secure.sender.test>'
    '<"str\ict"@secure.sender.test>'
    '<@a.test:strict@secure.sender.test>'
    '<@a.test,@b.test:strict@secure.sender.test>'
    '<strict@secure.sender.test.>'
    '<strict@secure.sender.test> SMTPUTF8'
    '<strict@ｓecure.sender.test> SMTPUTF8'
    '< strict @ secure.sender.test >'
    '<strict(alice)@secure.sender.test>'
    'strict@secure.sender.test'
)
ROUTES=(
    '<sealed%secure.sender.test@sender.test>'
    '<sealed%secure.sender.test>'
    '<secure.sender.test!sealed@sender.test>'
    '<secure.sender.test!sealed>'
    '<"sealed@secure.sender.test"@sender.test>'
    '<sealed@secure.sender.test@sender.test>'
)

check 'bob logs in' login bob
check 'his own alias: taken' smtp_says '^250' 'MAIL FROM:<bobs@secure.sender.test>'
smtp RSET
check 'his own mailbox: taken' smtp_says '^250' 'MAIL FROM:<bob@sender.test>'
smtp RSET
smtp_close
for from in "${SPELLINGS[@]}" "${ROUTES[@]}" '<unfiled@secure.sender.test>' \
    '<böb@secure.sender.test> SMTPUTF8'; do
    login bob
    check "bob as $from: refused" smtp_says "$NOT_OWNER" "MAIL FROM:$from"
    smtp_close
done

# --- nothing in the clear -------------------------------------------------------

# submitted FROM TO...: alice sends it; sets QID and MSGID.
submitted() {
    local from=$1 to
    shift
    QID=
    SENT_COUNT=$((SENT_COUNT + 1))
    login alice && smtp_says '^250' "MAIL FROM:$from" || return
    for to; do
        smtp_says '^250' "RCPT TO:<$to>" || return
    done
    smtp_says '^354' DATA && smtp_message "$SENT_COUNT.$EPOCHREALTIME@live.test" && smtp_queued
}

# stopped TO: the last mail submitted did not go there: refused, or come back.
stopped() {
    smtp_close
    [[ $QID ]] || matches "$REPLY_TEXT" '^5[05][0-9] ' || return
    [[ ! $QID ]] || { bounced "$QID" "$1" 'This mail was not sent' && not_arrived "$MSGID" "$1"; }
}

for from in "${SPELLINGS[@]}"; do
    submitted "$from" x@tls.test
    check "alice as $from: as strictly as ever" stopped x@tls.test
done
for from in "${ROUTES[@]}"; do
    submitted "$from" x@plain.test
    check "alice as $from: not in the clear" stopped x@plain.test
done
# From this machine nobody asks who he is; but the level holds.
mail_send strict+a%b@secure.sender.test x@tls.test
check 'an extension like a route: as strictly as ever' bounced "$QID" x@tls.test 'This mail was not sent'
submitted '<sealed@secure.sender.test>' x@tls.test
check 'alice, to one who has TLS' sent "$QID" x@tls.test
check 'alice, to one who has TLS: over TLS' arrived "$MSGID" x@tls.test '\(using TLSv1'
smtp_close

# One mail to several: each by itself.
login alice
smtp 'MAIL FROM:<sealed@secure.sender.test>'
check 'mixed: with TLS' smtp_says '^250' 'RCPT TO:<x@tls.test>'
smtp 'RCPT TO:<x@plain.test>'
refused=${REPLY_TEXT:0:1}
check 'mixed: of this house' smtp_says '^250' 'RCPT TO:<bob@sender.test>'
smtp DATA
smtp_message mixed@live.test
check 'mixed: taken' smtp_queued
check 'mixed: with TLS: sent' sent "$QID" x@tls.test
check 'mixed: with TLS: over TLS' over "$QID" x@tls.test 'Trusted TLS'
[[ $refused == 5 ]] || check 'mixed: without TLS: comes back' bounced "$QID" x@plain.test
check 'mixed: without TLS: nothing arrived' not_arrived "$MSGID" x@plain.test
check 'mixed: of this house: there' in_mailbox bob mixed@live.test
smtp_close

# RFC 8689: "deliver this even without TLS".
waived() {
    login alice && smtp 'MAIL FROM:<sealed@secure.sender.test>' &&
        smtp 'RCPT TO:<x@tls.test>' && smtp DATA &&
        smtp_send "$1" && smtp_send '' && smtp '.' && matches "$REPLY_TEXT" '^550 5\.7\.10 .*TLS-Required'
    local status=$?
    smtp_close
    return "$status"
}
for header in 'TLS-Required: No' 'tls-required:no' 'TLS-Required : no'; do
    check "\"$header\": refused" waived "$header"
done

# --- what this machine's own rules do to it ------------------------------------

returns() {
    mail_send sealed@secure.sender.test "$2"
    check "$1: comes back" returned alice "$MSGID" 'offers no encryption'
    check "$1: nothing arrived" not_arrived "$MSGID" x@plain.test
}

printf '%s\n' 'postmaster: root' 'team: members' 'members: x@plain.test, x@tls.test' >/etc/aliases
postalias /etc/aliases
returns 'a list of this machine' team@sender.test
check 'a list of this machine: the others have it' arrived "$MSGID" x@tls.test '\(using TLSv1'

with virtual_alias_maps "$(postconf -h virtual_alias_maps) inline:{a@sender.test=b@sender.test,b@sender.test=x@plain.test}" \
    returns 'aliases of aliases' a@sender.test
with transport_maps 'inline:{plain.test=:[mx.plain.test],.plain.test=:}' \
    returns 'transport_maps with another next hop' x@plain.test
with transport_maps 'inline:{plain.test=postseal-encrypt:[mx.plain.test]}' \
    returns 'transport_maps with a sealed service' x@plain.test
with relayhost '[mx.plain.test]' returns 'relayhost' x@tls.test
with masquerade_domains '!secure.sender.test sender.test' returns 'masquerade_domains' x@plain.test


# Copies go as the mail does. The way is chosen by the sender as the maps have made him.
# (Postfix returns no notice about a copy.)
copied() {
    mail_send sealed@secure.sender.test bob@sender.test
    check "$1: his mail is there" in_mailbox bob "$MSGID"
    check "$1: the copy is stopped" bounced "$QID" x@plain.test 'This mail was not sent'
    check "$1: nothing arrived" not_arrived "$MSGID" x@plain.test
}
with always_bcc x@plain.test copied 'always_bcc'
with sender_bcc_maps 'inline:{sealed@secure.sender.test=x@plain.test}' copied 'sender_bcc_maps'
canonical() {
    mail_send carol@sender.test x@plain.test
    check 'an ordinary sender made a secure one: comes back' returned alice "$MSGID" 'offers no encryption'
    check 'an ordinary sender made a secure one: nothing arrived' not_arrived "$MSGID" x@plain.test
}
with sender_canonical_maps 'inline:{carol@sender.test=sealed@secure.sender.test}' canonical

# Passed on by hand: its envelope is hers, whoever wrote it.
resent() {
    MSGID="resent.$EPOCHREALTIME@live.test"
    printf '%s\n' 'Resent-From: sealed@secure.sender.test' 'Resent-To: x@plain.test' \
        'From: carol@sender.test' 'To: bob@sender.test' "Message-ID: <$MSGID>" '' 'Hello.' |
        sendmail -i -t -f sealed@secure.sender.test
    returned alice "$MSGID" 'offers no encryption'
}
check 'Resent-To: comes back' resent
check 'Resent-To: nothing arrived' not_arrived "$MSGID" x@plain.test

relay_waits() {
    postconf -P relay/unix/smtp_tls_policy_maps=socketmap:inet:127.0.0.1:7672:policy-encrypt
    postconf -P relay/unix/smtp_tls_security_level=encrypt
    reload
    mail_send sealed@secure.sender.test x@plain.test
    check 'relay_domains, held to TLS: waits' deferred "$QID" x@plain.test 'TLS is required'
    postsuper -d "$QID" 2>/dev/null
    postconf -PX relay/unix/smtp_tls_policy_maps relay/unix/smtp_tls_security_level
}
with relay_domains plain.test relay_waits

no_fallback() {
    mail_send sealed@secure.sender.test x@dead.test
    check 'smtp_fallback_relay: not used' deferred "$QID" x@dead.test 'Connection refused'
    postsuper -d "$QID" 2>/dev/null
}
with smtp_fallback_relay '[mx.plain.test]' no_fallback

# Connections that other mail has left open, in the clear and over unproven TLS.
shared() {
    mail_send alice@sender.test x@plain.test
    sent "$QID" x@plain.test
    returns 'a connection in the clear is there' x@plain.test
    mail_send alice@sender.test x@self.test
    sent "$QID" x@self.test
    mail_send strict@secure.sender.test x@self.test
    check 'a connection over unproven TLS is there: comes back' bounced "$QID" x@self.test
}
with smtp_connection_cache_destinations 'plain.test self.test' \
    with smtp_tls_connection_reuse yes shared

# --- onward ----------------------------------------------------------------------

# Mail to an alias whose mailbox is elsewhere has another's sender: only a rule for
# that mailbox holds it to TLS.
check 'an alias of an alias' postseal alias enable first@secure.sender.test \
    --for bobs@secure.sender.test
mail_send carol@sender.test first@secure.sender.test
check 'an alias of an alias: arrives' in_mailbox bob "$MSGID"
check 'an alias for elsewhere' postseal alias enable away@secure.sender.test --for x@plain.test
onward_sealed() {
    mail_send carol@sender.test away@secure.sender.test
    check 'onward, with a rule for the mailbox: comes back' returned carol "$MSGID" 'offers no encryption'
    check 'onward, with a rule for the mailbox: nothing arrived' not_arrived "$MSGID" x@plain.test
}
with transport_maps 'inline:{x@plain.test=postseal-encrypt:}' onward_sealed


# A list of this machine that has an owner writes in the owner's name: as he does, it goes.
printf '%s\n' 'postmaster: root' 'list: x@plain.test' 'owner-list: carol@sender.test' \
    'forward: x@plain.test' 'owner-forward: sealed@secure.sender.test' >/etc/aliases
postalias /etc/aliases
mail_send sealed@secure.sender.test list@sender.test
check 'a list with an owner: is his mail' arrived "$MSGID" x@plain.test 'mx.plain.test'
owned() {
    mail_send carol@sender.test forward@sender.test
    check 'a list with a secure owner: comes back to him' returned alice "$MSGID" 'offers no encryption'
    check 'a list with a secure owner: nothing arrived' not_arrived "$MSGID" x@plain.test
    check 'an alias for that list' postseal alias enable away@secure.sender.test --for forward@sender.test
    mail_send carol@sender.test away@secure.sender.test
    check 'onward, in the name of a secure owner: comes back to him' \
        returned alice "$MSGID" 'offers no encryption'
    check 'onward, in the name of a secure owner: nothing arrived' not_arrived "$MSGID" x@plain.test
}
with expand_owner_alias yes owned

# What counts is whom the stranger wrote to: an ordinary address stays one, whatever
# it leads to.
leads_to_secure() {
    smtp_open plain
    smtp 'EHLO client.elsewhere.test'
    smtp 'MAIL FROM:<x@elsewhere.test>'
    check 'an ordinary address that leads to a secure one, in the clear: taken' \
        smtp_says '^250' 'RCPT TO:<anybody@sender.test>'
    smtp DATA
    smtp_message leads@live.test
    check 'an ordinary address that leads to a secure one: arrives' in_mailbox alice leads@live.test
    smtp_close
}
with virtual_alias_maps "$(postconf -h virtual_alias_maps) inline:{anybody@sender.test=sealed@secure.sender.test}" \
    leads_to_secure

for alias in sealed strict bobs first away; do
    postseal alias disable "$alias@secure.sender.test" >/dev/null 2>&1
done
