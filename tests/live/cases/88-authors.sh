# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Headers that name authors: what is submitted in the name of a secure alias has its envelope

check 'an alias of alice' postseal alias enable sealed@secure.sender.test \
    --for alice@sender.test --level encrypt
check 'one of bob' postseal alias enable bobs@secure.sender.test --for bob@sender.test

ENVELOPE='^550 5\.7\.1 Your header "(From|Sender|Resent-From|Resent-Sender)" names a secure address, .*envelope sender '

# written LOGIN FROM TO HEADER...: submits it as far as the reply to all of it.
written() {
    local header
    login "$1" && smtp_says '^250' "MAIL FROM:$2" && smtp_says '^250' "RCPT TO:<$3>" &&
        smtp_says '^354' DATA || return
    SENT_COUNT=$((SENT_COUNT + 1))
    for header in "${@:4}"; do
        smtp_send "$header"
    done
    smtp_message "$SENT_COUNT.$EPOCHREALTIME@live.test"
    smtp_close
}
not_taken() { written "$@" && matches "$REPLY_TEXT" "$ENVELOPE"; }
taken() { written "$@" && smtp_queued; }

SEALED=sealed@secure.sender.test
check 'alice, in an ordinary envelope: refused' \
    not_taken alice '<alice@sender.test>' x@plain.test "From: Alice <$SEALED>"
check 'and told which one to send with' matches "$REPLY_TEXT" "envelope sender <$SEALED>"
check 'to one who has TLS: refused all the same' \
    not_taken alice '<alice@sender.test>' x@tls.test "From: Alice <$SEALED>"
check 'bob in her name: refused' \
    not_taken bob '<bob@sender.test>' x@plain.test "From: Alice <$SEALED>"
check 'bob, in the envelope of his own alias: refused' \
    not_taken bob '<bobs@secure.sender.test>' x@tls.test "From: $SEALED"
check 'the null sender: refused' not_taken alice '<>' x@plain.test "From: $SEALED"

for header in \
    "from: $SEALED" \
    "Sender : $SEALED" \
    "Sender: $SEALED" \
    "Resent-From: $SEALED" \
    "Resent-Sender: Alice <$SEALED>" \
    "From: carol@sender.test, Alice <$SEALED>" \
    $'From: Alice\r\n <sealed\r\n\t@secure.sender.test>' \
    $'From:\r\n sealed@secure. sender\r\n .test' \
    'From: "sealed"@secure.sender.test' \
    'From: SEALED+list@Secure.Sender.Test.' \
    "From: Us: $SEALED, carol@sender.test;" \
    'From: sealed(me)@(here)secure.sender.test' \
    "From: <@a.test,@b.test:$SEALED>" \
    "From: $SEALED <alice@sender.test>" \
    $'From: "J\xfcrgen, \\"A\\"" '"<$SEALED>" \
    $'From: Älice <sealed@\xef\xbd\x93ecure.sender.test>' \
    "From: \"torn $SEALED" \
    'From: sealed%secure.sender.test@sender.test'; do
    check "\"${header//[$'\r\n\t']/_}\": refused" \
        not_taken alice '<alice@sender.test>' x@plain.test "$header"
done
check 'a second From: refused' not_taken alice '<alice@sender.test>' x@plain.test \
    'From: alice@sender.test' "From: $SEALED"

# No bash variable holds a NUL.
behind_a_nul() {
    login alice && smtp 'MAIL FROM:<alice@sender.test>' && smtp 'RCPT TO:<x@plain.test>' &&
        smtp DATA && printf 'From: carol@sender.test\0, <%s>\r\n' "$SEALED" >&"$SMTP_OUT" &&
        smtp_message behind-a-nul@live.test && matches "$REPLY_TEXT" "$ENVELOPE"
    local status=$?
    smtp_close
    return "$status"
}
check 'behind a NUL: refused' behind_a_nul

check 'the right pair: taken' taken alice "<$SEALED>" x@tls.test "From: Alice <$SEALED>"
check 'the right pair: sent' sent "$QID" x@tls.test
check 'the right pair: over TLS' over "$QID" x@tls.test 'Trusted TLS'
check 'with an extension: taken' taken alice '<sealed+list@secure.sender.test>' x@tls.test \
    "From: Alice <$SEALED>" "Sender: $SEALED"
check 'what only looks like it: taken' taken alice '<alice@sender.test>' x@plain.test \
    "From: \"$SEALED\" <alice@sender.test> (not $SEALED)" "Reply-To: $SEALED"
check 'what only looks like it: in the clear' arrived "$MSGID" x@plain.test 'mx.plain.test'
check 'an encoded word: taken' taken alice '<alice@sender.test>' x@plain.test \
    'From: =?utf-8?q?sealed=40secure=2Esender=2Etest?= <alice@sender.test>'

# Lists and forwarders: not logged in, from the network and from this machine.
smtp_open tls
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<list-bounces@elsewhere.test>'
smtp 'RCPT TO:<bob@sender.test>'
smtp DATA
smtp_send "From: $SEALED"
smtp_message authors-list@live.test
check 'from a list elsewhere: taken' in_mailbox bob authors-list@live.test
smtp_close
SMTP_HOST=127.0.0.1 smtp_open plain
smtp 'EHLO list.sender.test'
smtp 'MAIL FROM:<list-bounces@sender.test>'
smtp 'RCPT TO:<bob@sender.test>'
smtp DATA
smtp_send "From: $SEALED"
smtp_message authors-here@live.test
smtp_close
check 'from a list of this machine: arrives' in_mailbox bob authors-here@live.test

# secure_aliases = "enabled": asked in each case.
only_enabled() {
    check 'an alias that is off: taken' taken alice '<alice@sender.test>' x@plain.test \
        'From: nobodys@secure.sender.test'
    check 'one that is on: refused' not_taken alice '<alice@sender.test>' x@plain.test \
        "From: nobodys@secure.sender.test, $SEALED"
}
cp "$SEAL_CONF" "$SEAL/conf.before"
seal_setting secure_aliases '"enabled"'
seal_restart
only_enabled
cat "$SEAL/conf.before" >"$SEAL_CONF"
seal_restart
postseal alias disable "$SEALED" >/dev/null
postseal alias disable bobs@secure.sender.test >/dev/null
