# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Exceptions: one sender writes to one secure alias without TLS, until a date

SECURE=alice@secure.sender.test

# offer plain|tls SENDER RCPT: what the server says to this recipient, in REPLY_TEXT.
offer() {
    smtp_open "$1"
    smtp 'EHLO client.elsewhere.test'
    smtp "MAIL FROM:<$2>"
    smtp "RCPT TO:<$3>" || true
    smtp_send QUIT && smtp_close
}

let_in() {
    offer plain "$1" "$2"
    matches "$REPLY_TEXT" '^250 '
}

kept_out() {
    offer plain "$1" "$2"
    matches "$REPLY_TEXT" '^550 5\.7\.10 '
}

check 'before: refused' kept_out old@elsewhere.test "$SECURE"
check 'set, and warned of forgers' matches \
    "$(postseal alias allow "$SECURE" Old@Elsewhere.test --reason 'their server is old' 2>&1)" \
    'old@elsewhere\.test may write to it without TLS until .*everybody who claims to be'
check 'shown' matches "$(postseal alias list)" 'without TLS: old@elsewhere\.test until 20'
check 'asked as the milter asks' matches \
    "$(answer exception "$SECURE old@elsewhere.test")" '^20..-..-..T..:..:..Z$'

smtp_open plain
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<OLD@elsewhere.test>'
check 'its sender is let in' smtp_says '^250 ' "RCPT TO:<$SECURE>"
smtp DATA
smtp_send "Authentication-Results: $ME; x-tls=pass smtp.version=forged"
check 'and its mail' smtp_message exception-1@live.test
smtp_close
check 'she gets it' in_mailbox alice exception-1@live.test
check 'told that it came without TLS' grep -qxF "Authentication-Results: $ME; x-tls=none" /var/mail/alice
check 'whatever it says itself' refute grep -qF 'smtp.version=forged' /var/mail/alice
check 'which is logged' log_has "$(seal_log milter)" \
    "from=<OLD@elsewhere\.test> to=<$SECURE> accepted without TLS, by the exception until"

check 'another sender: refused' kept_out other@elsewhere.test "$SECURE"
check 'its extension: refused' kept_out old+x@elsewhere.test "$SECURE"
check 'a domain below: refused' kept_out old@sub.elsewhere.test "$SECURE"
check 'another alias: refused' kept_out old@elsewhere.test bob@secure.sender.test
check 'a route to it: refused' kept_out '"old@elsewhere.test"@other.test' "$SECURE"
check 'a UUCP route: refused' kept_out 'elsewhere.test!old' "$SECURE"
check 'a percent route: refused' kept_out 'old%elsewhere.test@sender.test' "$SECURE"
check 'another spelling of the same: let in' let_in '"old"@ELSEWHERE.test.' "$SECURE"

check 'all of a domain' postseal alias allow "$SECURE" @elsewhere.test --expires 1h
check 'all of a domain: let in' let_in other@elsewhere.test "$SECURE"
check 'nobody is of no domain: refused' kept_out '' "$SECURE"
offer tls '' "$SECURE"
check 'nobody, over TLS: taken' matches "$REPLY_TEXT" '^250 '
check 'nor can there be one for nobody' refute postseal alias allow "$SECURE" '<>'

check 'ended by an admin' postseal alias disallow "$SECURE" @elsewhere.test
check 'ended by an admin: refused' kept_out other@elsewhere.test "$SECURE"
check 'ended by an admin: others stay' let_in old@elsewhere.test "$SECURE"

# What was taken away stays away, though an earlier export has it.
postseal export "$WORLD/with-exception" >/dev/null
postseal alias disallow "$SECURE" old@elsewhere.test >/dev/null
postseal import "$WORLD/with-exception" >/dev/null
check 'taken away, and imported: refused' kept_out old@elsewhere.test "$SECURE"

# One that has run out comes in with an import.
since() { date -u -d "$1 ago" +%FT%TZ; }
printf '%s\n' '{"postseal":"ledger","schema":2}' \
    "{\"record\":\"exception\",\"alias\":\"$SECURE\",\"sender\":\"late@elsewhere.test\",\"removed\":false,\
\"set\":\"$(since '1 day')\",\"expires\":\"$(since '1 hour')\",\"author\":\"ada\",\"reason\":null}" \
    '{"record":"end","records":1}' | postseal import - >/dev/null
check 'run out: shown as such' matches "$(postseal alias list)" 'late@elsewhere\.test .*not in force'
check 'run out: refused' kept_out late@elsewhere.test "$SECURE"

postseal alias allow "$SECURE" old@elsewhere.test >/dev/null 2>&1
seal_kill socketmap
offer plain old@elsewhere.test "$SECURE"
check 'no socketmap: it waits' matches "$REPLY_TEXT" '^451 4\.'
offer plain '' "$SECURE"
check 'no socketmap: nobody waits, too, or is refused' matches "$REPLY_TEXT" '^(451 4\.|550 5\.7\.10 )'
seal_start socketmap
check 'socketmap back: let in' let_in old@elsewhere.test "$SECURE"
seal_kill prober
check 'no prober: as ever' let_in old@elsewhere.test "$SECURE"
check 'no prober: others refused' kept_out other@elsewhere.test "$SECURE"
seal_start prober

postseal alias disallow "$SECURE" old@elsewhere.test >/dev/null
check 'after: refused' kept_out old@elsewhere.test "$SECURE"
