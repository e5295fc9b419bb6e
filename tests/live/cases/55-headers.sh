# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Mail in: what its headers say of TLS is what postseal saw; and mail from nobody

# Of alice's mailbox, all of the message with that id, unfolded.
delivered() {
    in_mailbox "$1" "$2" || because "$2 did not arrive" || return
    awk -v id="Message-ID: <$2>" '
        /^From / { if (found) exit; text = "" }
        { text = text $0 "\n" }
        $0 == id { found = 1 }
        END { if (found) printf "%s", text }' "/var/mail/$1" >"$WORLD/delivered"
    headers "$WORLD/delivered"
}

results() {
    delivered "$1" "$2" | grep -i '^Authentication-Results'
}

# from_outside plain|tls SENDER RCPT ID: with forged headers; fails where RCPT is refused.
from_outside() {
    smtp_open "$1"
    smtp 'EHLO client.elsewhere.test'
    smtp "MAIL FROM:<$2>"
    smtp_says '^250' "RCPT TO:<$3>" || { smtp_close && return 1; }
    smtp DATA
    smtp_send "Authentication-Results: $ME; x-tls=pass smtp.version=forged1"
    smtp_send "Authentication-Results: elsewhere.test; x-tls=pass smtp.version=theirs"
    smtp_send "authentication-results : (a comment) ${ME^^} 1;"
    smtp_send "	dkim=pass; X-TLS=pass smtp.version=forged2"
    smtp_send "Authentication-Results: $ME; dkim=none"
    smtp_message "$4"
    smtp_close
}

check 'to a secure alias, over TLS' from_outside tls x@elsewhere.test \
    alice@secure.sender.test headers-1@live.test
check 'what is known of its TLS is noted' matches "$(results alice headers-1@live.test)" \
    "^Authentication-Results: $ME; x-tls=pass smtp.version=TLSv1\.[23] smtp.cipher=[A-Z0-9_-]+ smtp.bits=[0-9]+"
check 'on top of all others' matches "$(delivered alice headers-1@live.test | grep -m 1 -nE '^(Received|Authentication-Results):.*')" \
    "Authentication-Results: $ME; x-tls=pass smtp.version=TLSv1"
check 'what was forged is gone' refute matches "$(results alice headers-1@live.test)" forged
check 'what others say stays' matches "$(results alice headers-1@live.test)" 'elsewhere\.test; .*theirs'
check 'so does what we do not say' matches "$(results alice headers-1@live.test)" "$ME; dkim=none"

check 'to an ordinary address' from_outside tls x@elsewhere.test \
    bob@sender.test headers-2@live.test
check 'is as it came' matches "$(results bob headers-2@live.test)" 'forged1.*forged2'

mail_send bob@sender.test alice@secure.sender.test
check 'from this machine: nothing to note' equals "$(results alice "$MSGID")" ''

# A bounce quotes the mail that it returns.
check 'from nobody, without TLS: refused' refute from_outside plain '' \
    alice@secure.sender.test headers-3@live.test
check 'and told why' matches "$REPLY_TEXT" '^550 5\.7\.10 '
check 'from nobody, over TLS: taken' from_outside tls '' \
    alice@secure.sender.test headers-4@live.test
check 'and noted' matches "$(results alice headers-4@live.test)" "$ME; x-tls=pass"
