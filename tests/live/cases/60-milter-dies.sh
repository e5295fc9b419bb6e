# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The milter dies: Postfix asks the sender to come back, and accepts nothing

for victim in alice@secure.sender.test bob@sender.test; do
    smtp_open plain
    smtp 'EHLO client.elsewhere.test'
    smtp 'MAIL FROM:<x@elsewhere.test>'
    seal_kill milter
    check "killed before RCPT: <$victim> is put off" \
        smtp_says '^4[0-9][0-9] ' "RCPT TO:<$victim>"
    smtp_close
    seal_start milter
done

smtp_open plain
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
smtp 'RCPT TO:<bob@sender.test>'
smtp DATA
seal_kill milter
smtp_message killed-1@live.test
check 'killed before the end of the mail: put off' matches "$REPLY_TEXT" '^4[0-9][0-9] '
check 'killed before the end of the mail: nothing arrived' \
    refute grep -qs killed-1@live.test /var/mail/bob
smtp_close

# Not there at all: Postfix turns everybody away at the first mail.
smtp_open plain
smtp 'EHLO client.elsewhere.test'
check 'not running: put off' smtp_says '^4[0-9][0-9] ' 'MAIL FROM:<x@elsewhere.test>'
smtp_close

seal_start milter
smtp_open tls
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
check 'back: accepted again' smtp_says '^250' 'RCPT TO:<alice@secure.sender.test>'
smtp_close
