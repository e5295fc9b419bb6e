# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Mail in: a secure alias is reached over TLS, or not at all

SECURE=alice@secure.sender.test

smtp_open plain
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
check 'no TLS: secure recipient refused' \
    smtp_says '^550 5\.7\.10 .*(TLS|encrypt)' "RCPT TO:<$SECURE>"
check 'no TLS: ordinary recipient of the same mail accepted' \
    smtp_says '^250' 'RCPT TO:<bob@sender.test>'
smtp DATA
check 'no TLS: the mail is accepted for him' smtp_message plain-1@live.test
check 'no TLS: he gets it' in_mailbox bob plain-1@live.test
check 'no TLS: she does not' refute grep -qs plain-1@live.test /var/mail/alice
smtp_close

# Every way to write the same address.
smtp_open plain
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
for rcpt in alice@SECURE.Sender.Test alice+list@secure.sender.test \
    '"alice"@secure.sender.test' '"al\ice"@secure.sender.test' \
    '@sender.test:alice@secure.sender.test' \
    '@a.test,@b.test:alice@secure.sender.test' \
    alice@secure.sender.test. \
    'alice%secure.sender.test@sender.test' \
    'secure.sender.test!alice' 'secure.sender.test!alice@sender.test'; do
    check "no TLS: <$rcpt> is refused" smtp_says '^5[0-9][0-9] ' "RCPT TO:<$rcpt>"
done
smtp_close

smtp_open tls
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
check 'TLS: secure recipient accepted' smtp_says '^250' "RCPT TO:<$SECURE>"
smtp DATA
check 'TLS: the mail is accepted' smtp_message tls-1@live.test
check 'TLS: she gets it' in_mailbox alice tls-1@live.test
check 'TLS: a second mail in the session, too' smtp_says '^250' 'MAIL FROM:<x@elsewhere.test>'
check 'TLS: and its secure recipient' smtp_says '^250' "RCPT TO:<$SECURE>"
smtp_close

# RFC 3207 wants another EHLO; MAIL FROM without it must not count as plaintext.
smtp_open tls
smtp 'MAIL FROM:<x@elsewhere.test>'
check 'TLS, no second EHLO: accepted' smtp_says '^250' "RCPT TO:<$SECURE>"
smtp_close

smtp_open tls -tls1_1 -cipher 'DEFAULT@SECLEVEL=0'
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
check 'TLS 1.1: below secure_min_tls, refused' \
    smtp_says '^550 5\.7\.10 .*TLS' "RCPT TO:<$SECURE>"
check 'TLS 1.1: ordinary recipient accepted' smtp_says '^250' 'RCPT TO:<bob@sender.test>'
smtp_close

mail_send bob@sender.test alice@secure.sender.test
check 'from this machine: no network, nothing to refuse' in_mailbox alice "$MSGID"

SMTP_PORT=587 smtp_open plain
smtp 'EHLO client.elsewhere.test'
check 'submission: nothing without TLS' \
    smtp_says '^530 5\.7\.0' 'MAIL FROM:<alice@sender.test>'
smtp_close
