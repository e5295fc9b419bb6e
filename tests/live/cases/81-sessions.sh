# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Within a session: no order, pipe, chunk or earlier mail opens a way to or from a secure alias

postseal alias enable sealed@secure.sender.test --for alice@sender.test --level encrypt >/dev/null
postseal alias enable bobs@secure.sender.test --for bob@sender.test --level encrypt >/dev/null

NEEDS_TLS='^550 5\.7\.10 .*encrypted connections only'
NOT_OWNER='^550 5\.7\.1 .*only from its owner'
CANNOT='^550 5\.7\.10 .*cannot go there'

# open_plain, open_tls: as far as the point where a stranger begins his mail.
open_plain() {
    smtp_open plain && smtp 'EHLO client.elsewhere.test'
}
open_tls() {
    smtp_open tls && smtp 'EHLO client.elsewhere.test'
}

# chunk ID: all of a mail by BDAT (RFC 3030).
chunk() {
    local text="Message-ID: <$1>"$'\r\nSubject: in one piece\r\n\r\nHello.'
    smtp_send "BDAT $((${#text} + 2)) LAST" && smtp "$text"
}

# --- to a secure alias, in the clear ------------------------------------------------

open_plain
smtp_send $'MAIL FROM:<x@elsewhere.test>\r\nRCPT TO:<alice@secure.sender.test>\r\nRCPT TO:<bob@sender.test>\r\nDATA'
smtp_reply
smtp_reply
check 'pipelined: refused' matches "$REPLY_TEXT" "$NEEDS_TLS"
smtp_reply
check 'pipelined: another is taken' matches "$REPLY_TEXT" '^250'
smtp_reply
smtp_message pipelined@live.test
check 'pipelined: he gets it' in_mailbox bob pipelined@live.test
check 'pipelined: she does not' refute grep -qs pipelined@live.test /var/mail/alice
smtp MAIL\ FROM:\<x@elsewhere.test\>
check 'a second mail of the session: refused' smtp_says "$NEEDS_TLS" 'RCPT TO:<alice@secure.sender.test>'
smtp 'RCPT TO:<bob@sender.test>'
check 'BDAT: taken for others' chunk chunked@live.test
check 'BDAT: he gets it' in_mailbox bob chunked@live.test
check 'BDAT: she does not' refute grep -qs chunked@live.test /var/mail/alice
smtp 'MAIL FROM:<x@elsewhere.test>'
smtp RSET
smtp 'EHLO other.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test> BODY=8BITMIME SIZE=100 RET=HDRS ENVID=x'
check 'RSET, another EHLO, parameters: refused' \
    smtp_says "$NEEDS_TLS" 'RCPT TO:<alice@secure.sender.test> NOTIFY=NEVER ORCPT=rfc822;bob@sender.test'
check 'VRFY tells nothing of it' smtp_says '^252' 'VRFY alice@secure.sender.test'
check 'VRFY: refused all the same' smtp_says "$NEEDS_TLS" 'RCPT TO:<alice@secure.sender.test>'
check 'nothing is left to send' smtp_says '^554 5\.5\.1' DATA
smtp_close

# A client that says it is somebody else, or what no client can say.
open_plain
smtp 'XCLIENT ADDR=127.0.0.1 PROTO=ESMTP'
smtp 'XFORWARD ADDR=127.0.0.1 PROTO=ESMTP'
smtp 'MAIL FROM:<x@elsewhere.test> REQUIRETLS'
smtp 'MAIL FROM:<alice@sender.test> AUTH=alice@sender.test'
smtp 'MAIL FROM:<alice@sender.test>'
check 'XCLIENT, XFORWARD, AUTH=: refused' smtp_says "$NEEDS_TLS" 'RCPT TO:<alice@secure.sender.test>'
smtp_close

# What was sent behind STARTTLS in the clear must not be heard within TLS (RFC 3207 4.2).
open_plain
smtp_send $'STARTTLS\r\nMAIL FROM:<x@elsewhere.test>\r\nRCPT TO:<alice@secure.sender.test>'
check 'nothing behind STARTTLS is answered' smtp_starttls_alone
smtp_close

# A session in the clear after one over TLS, from the same client.
open_tls
smtp 'MAIL FROM:<x@elsewhere.test>'
check 'over TLS: taken' smtp_says '^250' 'RCPT TO:<alice@secure.sender.test>'
check 'over TLS, BDAT: taken' chunk chunked-tls@live.test
check 'over TLS, BDAT: she gets it' in_mailbox alice chunked-tls@live.test
smtp_close
open_plain
smtp 'MAIL FROM:<x@elsewhere.test>'
check 'the next session, in the clear: refused' smtp_says "$NEEDS_TLS" 'RCPT TO:<alice@secure.sender.test>'
smtp_close

# --- from a secure alias ------------------------------------------------------------

login bob
for from in '<sealed@secure.sender.test> AUTH=sealed@secure.sender.test' \
    '<sealed@secure.sender.test> AUTH=bob@sender.test BODY=8BITMIME SIZE=100' \
    '<sealed@secure.sender.test> RET=HDRS ENVID=bob@sender.test'; do
    check "bob as $from: refused" smtp_says "$NOT_OWNER" "MAIL FROM:$from"
done
smtp 'MAIL FROM:<bobs@secure.sender.test>'
smtp RSET
smtp 'EHLO sealed.secure.sender.test'
check 'RSET, another EHLO: refused' smtp_says "$NOT_OWNER" 'MAIL FROM:<sealed@secure.sender.test>'
check 'a second login: not taken' smtp_says '^503' "AUTH PLAIN $(login_secret alice)"
smtp 'MAIL FROM:<bob@sender.test>'
check 'MAIL within a mail: not taken' smtp_says '^503' 'MAIL FROM:<sealed@secure.sender.test>'
smtp RSET
check 'bob is still bob' smtp_says "$NOT_OWNER" 'MAIL FROM:<sealed@secure.sender.test>'
smtp_close

# One mail's sender is no other's: neither is a second one freer, nor bound for ever.
login alice
smtp 'MAIL FROM:<alice@sender.test>'
check 'as herself: in the clear' smtp_says '^250' 'RCPT TO:<x@plain.test>'
smtp DATA
smtp_message "as-herself@live.test"
check 'as herself: taken' smtp_queued
check 'as herself: sent' sent "$QID" x@plain.test
smtp 'MAIL FROM:<sealed@secure.sender.test>'
check 'then from her alias: refused' smtp_says "$CANNOT" 'RCPT TO:<x@plain.test>'
check 'to one with TLS: taken' smtp_says '^250' 'RCPT TO:<x@tls.test>'
check 'BDAT: taken' chunk sealed-chunk@live.test
check 'BDAT: in the queue' smtp_queued
check 'BDAT: sent' sent "$QID" x@tls.test
check 'BDAT: over TLS' over "$QID" x@tls.test 'Trusted TLS'
smtp 'MAIL FROM:<sealed@secure.sender.test>'
smtp 'RCPT TO:<x@tls.test>'
text=$'TLS-Required: no\r\n\r\nHello.'
smtp_send "BDAT $((${#text} + 2)) LAST"
smtp "$text"
check 'BDAT, "TLS-Required: no": refused' matches "$REPLY_TEXT" '^550 5\.7\.10 .*TLS-Required'
smtp 'MAIL FROM:<alice@sender.test>'
check 'as herself again: as ever' smtp_says '^250' 'RCPT TO:<x@plain.test>'
smtp_close

login alice
smtp_send $'MAIL FROM:<sealed@secure.sender.test>\r\nRCPT TO:<x@plain.test>\r\nRCPT TO:<x@tls.test>\r\nDATA'
smtp_reply
smtp_reply
check 'pipelined: refused' matches "$REPLY_TEXT" "$CANNOT"
smtp_reply
check 'pipelined: another is taken' matches "$REPLY_TEXT" '^250'
smtp_reply
smtp_message sealed-pipe@live.test
check 'pipelined: in the queue' smtp_queued
check 'pipelined: sent' sent "$QID" x@tls.test
check 'pipelined: the one refused has nothing' not_arrived sealed-pipe@live.test x@plain.test
smtp_close

# --- extensions, by whichever delimiters; secure_aliases = "enabled" ---------------------

# The one that is switched on is sealed with any of them, its neighbour is ordinary.
delimiters() {
    postseal alias enable al@secure.sender.test --for alice@sender.test >/dev/null
    open_plain
    smtp 'MAIL FROM:<x@elsewhere.test>'
    for rcpt in al al-list al+list al-a+b Al+A-b; do
        check "<$rcpt>, in the clear: refused" smtp_says "$NEEDS_TLS" "RCPT TO:<$rcpt@secure.sender.test>"
    done
    check '<bob+al>, not switched on: taken' smtp_says '^250' 'RCPT TO:<bob+al@secure.sender.test>'
    smtp_close
    login bob
    for from in al al-list al+list al-a+b Al+A-b; do
        check "bob as <$from>: refused" smtp_says "$NOT_OWNER" "MAIL FROM:<$from@secure.sender.test>"
    done
    smtp_close
    login alice
    for from in al-list al-a+b; do
        check "alice as <$from>: taken" smtp_says '^250' "MAIL FROM:<$from@secure.sender.test>"
        check "alice as <$from>: sealed" smtp_says "$CANNOT" 'RCPT TO:<x@plain.test>'
        smtp RSET
    done
    smtp_close
    mail_send bob@sender.test al-list@secure.sender.test
    check 'to <al-list>: arrives, with its extension' sent "$QID" 'alice\+list@sender.test'
    mail_send al-list@secure.sender.test x@plain.test
    check 'from this machine as <al-list>: comes back' bounced "$QID" x@plain.test 'This mail was not sent'
}

cp "$SEAL_CONF" "$SEAL/conf.before"
seal_setting secure_aliases '"enabled"'
seal_setting recipient_delimiter '"+-"'
seal_restart
with recipient_delimiter '+-' delimiters
postseal alias disable al@secure.sender.test >/dev/null
cat "$SEAL/conf.before" >"$SEAL_CONF"
seal_restart
postseal alias disable sealed@secure.sender.test >/dev/null
postseal alias disable bobs@secure.sender.test >/dev/null
