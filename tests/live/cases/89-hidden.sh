# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What main.cf hides from the milter, or spells otherwise, opens no way

# --- a filter before the queue: no milter sees a header -----------------------------

# It hands on what it gets, to a listener of this machine that counts as local.
FILTER=127.0.0.1:10025
postconf -M "$FILTER/inet=$FILTER inet n - n - - smtpd -o smtpd_proxy_filter= -o smtpd_tls_security_level=none -o smtpd_authorized_xforward_hosts=127.0.0.0/8"

UNSEEN='^451 4\.7\.1 This server hands mail to a filter'

# mail_from_outside TO ID COMMAND: COMMAND is the reply to DATA.
from_outside() {
    smtp_open tls && smtp 'EHLO client.elsewhere.test' && smtp 'MAIL FROM:<x@elsewhere.test>' &&
        smtp_says '^250' "RCPT TO:<$1>" && smtp DATA
}
submitted() {
    login alice && smtp 'MAIL FROM:<alice@sender.test>' && smtp_says '^250' 'RCPT TO:<x@plain.test>' &&
        smtp DATA
}
behind_a_filter() {
    from_outside alice@secure.sender.test
    check 'filter: to a secure alias: waits' matches "$REPLY_TEXT" "$UNSEEN"
    smtp_close
    from_outside bob@sender.test
    check 'filter: to others: goes on' matches "$REPLY_TEXT" '^354'
    smtp_message filtered@live.test
    smtp_close
    check 'filter: and arrives' in_mailbox bob filtered@live.test
    submitted
    check 'filter: with a login: waits' matches "$REPLY_TEXT" "$UNSEEN"
    smtp_close
    smtp_open tls && smtp 'EHLO client.elsewhere.test' && smtp 'MAIL FROM:<x@elsewhere.test>' &&
        smtp 'RCPT TO:<alice@secure.sender.test>'
    check 'filter: BDAT: waits' smtp_says "$UNSEEN" $'BDAT 7 LAST\r\nHello'
    smtp_close
}
with smtpd_proxy_filter "$FILTER" behind_a_filter
check 'the log names the setting' log_has "$(seal_log milter)" 'put off: .*smtpd_proxy_filter'
postconf -MX "$FILTER/inet"
reload
from_outside alice@secure.sender.test
check 'without the filter: goes on' matches "$REPLY_TEXT" '^354'
smtp_message unfiltered@live.test
smtp_close
check 'without the filter: arrives' in_mailbox alice unfiltered@live.test

# --- domains that Postfix takes for the same ------------------------------------------

cp "$SEAL_CONF" "$SEAL/conf.before"
seal_setting secure_domains '{"secure.sender.test", "straße.test", "boss.test", "σοφός.test"}'
seal_restart
spelt() {
    local domain
    smtp_open plain
    smtp 'EHLO client.elsewhere.test'
    smtp 'MAIL FROM:<x@elsewhere.test> SMTPUTF8'
    for domain in straße.test strasse.test STRASSE.test boß.test boss.test σοφός.test σοφόσ.test; do
        check "no TLS: <alice@$domain> is refused" \
            smtp_says '^550 5\.7\.10 ' "RCPT TO:<alice@$domain>"
    done
    check 'no TLS: another is taken' smtp_says '^250' 'RCPT TO:<alice@grösse.test>'
    smtp_close
    smtp_open tls
    smtp 'EHLO client.elsewhere.test'
    smtp 'MAIL FROM:<x@elsewhere.test> SMTPUTF8'
    for domain in straße.test strasse.test boß.test σοφός.test; do
        check "TLS: <alice@$domain> is taken" smtp_says '^250' "RCPT TO:<alice@$domain>"
    done
    smtp_close
}
with mydestination "$(postconf -h mydestination), straße.test, boss.test, grösse.test, σοφός.test" spelt
for domain in straße.test strasse.test boß.test boss.test σοφός.test σοφόσ.test; do
    check "mail from <alice@$domain> is sealed" \
        equals "$(answer transport "alice@$domain")" postseal-encrypt:
done
cat "$SEAL/conf.before" >"$SEAL_CONF"
seal_restart
