# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The digest: who was refused at a secure alias, told to its owner and to nobody else

ALIAS=digest@secure.sender.test

# offer SENDER RCPT: in the clear, as far as its recipient; REPLY_TEXT is what it was told.
offer() {
    smtp_open plain
    smtp 'EHLO client.elsewhere.test'
    smtp "MAIL FROM:<$1>"
    smtp "RCPT TO:<$2>" || true
    smtp_send QUIT && smtp_close
}

refused() {
    offer "$1" "$2"
    matches "$REPLY_TEXT" '^550 5\.7\.10 '
}

# As the systemd unit does it: an ordinary user, of postdrop's group and without setgid.
digest() {
    setpriv --reuid postseal --regid postseal --groups postseal,postdrop --no-new-privs \
        "$BUILD/postseal" -c "$SEAL_CONF" digest "$@" 2>&1
}

shows() {
    matches "$(digest)" "$1"
}

# The digests in a mailbox, all in one line.
digests() {
    awk '/^From / { mail = 0 } /^Subject: Mail refused at your secure/ { mail = 1 }
        mail { printf "%s ", $0 }' "/var/mail/$1" | tr -s ' '
}

mails() {
    grep -cs '^Subject: Mail refused at your secure' "/var/mail/$1" || true
}

postseal alias enable "$ALIAS" --for alice@sender.test >/dev/null
postseal alias enable other@secure.sender.test --for bob@sender.test >/dev/null
postseal alias enable idle@secure.sender.test --for bob@sender.test >/dev/null
postseal alias disable idle@secure.sender.test >/dev/null 2>&1

check 'off: refused' refused x@elsewhere.test "$ALIAS"
check 'off: says so' matches "$(digest --send)" 'refusal_digest. is off'

seal_setting refusal_digest true
seal_restart
check 'on: what was before is not known' equals "$(digest)" ''

check 'refused' refused x@elsewhere.test "$ALIAS"
check 'refused again' refused x@elsewhere.test '"digest"@SECURE.sender.test'
check 'a bounce, too' refused '' "$ALIAS"
check 'a name that is a command' refused "\"\$(touch /tmp/x)\"@elsewhere.test" "$ALIAS"
check 'a name that is none' refused $'\xc3\xa9vil@elsewhere.test' "$ALIAS"
check 'at an alias that is off' refused x@elsewhere.test idle@secure.sender.test
check 'at one that is not on file' refused x@elsewhere.test nobody@secure.sender.test
check 'at an alias of another owner' refused y@elsewhere.test other@secure.sender.test

check 'noted' until_true shows 'At other@secure\.sender\.test:.*<y@elsewhere\.test>'
check 'with how often' shows '<x@elsewhere\.test>[[:space:]]*2 times, last 20[0-9: -]* UTC from 198\.51\.100\.7'
check 'nothing of those off or not on file' refute shows '(idle|nobody)@secure'
check 'showing sends nothing' refute grep -qs '^Subject: Mail refused at your secure' /var/mail/alice

check 'sent' matches "$(digest --send)" 'alice@sender\.test is told'
check 'she gets it' until_true grep -qs '^Subject: Mail refused at your secure' /var/mail/alice
check 'from nobody' matches "$(grep -B 30 -m 1 '^Subject: Mail refused' /var/mail/alice | grep '^Return-Path\|^From ' | tail -n 1)" \
    'MAILER-DAEMON|<>'
check 'made by a machine' matches "$(digests alice)" 'Auto-Submitted: auto-generated'
check 'with who, how often and why' matches "$(digests alice)" \
    '<x@elsewhere\.test> 2 times, last .* UTC from 198\.51\.100\.7 the sending server did not use TLS'
check 'with the bounce' matches "$(digests alice)" "A server, without a sender .* 1 time, last"
check 'with what to do' matches "$(digests alice)" "postseal alias allow $ALIAS x@elsewhere\.test"
check 'a command is shown and no more' matches "$(digests alice)" \
    '<"\$\(touch /tmp/x\)"@elsewhere\.test>'
check 'and nothing that could be pasted' refute matches "$(digests alice)" 'alias allow [^ ]* [^ ]*touch'
check 'all of it printable' refute grep -qP '[^\x20-\x7e\t]' <(digests alice)
check 'spelled out where it was not' matches "$(digests alice)" '<\\x[cC]3\\x[aA]9vil@elsewhere\.test>'
check 'nothing of others' refute matches "$(digests alice)" 'y@elsewhere\.test|bob@'
check 'bob gets his' until_true grep -qs '^Subject: Mail refused at your secure' /var/mail/bob

check 'told: there is nothing more' equals "$(digest --send)" ''
check 'refused after that' refused z@elsewhere.test "$ALIAS"
check 'noted after that' until_true shows '<z@elsewhere\.test>'
check 'but not told again today' matches "$(digest --send)" 'was told less than 23 hours ago'
check 'so there is one' equals "$(mails alice)" 1
check 'and it is kept for the next' shows '<z@elsewhere\.test>'

seal_kill prober
check 'no prober: refused as ever' refused x@elsewhere.test "$ALIAS"
check 'no prober: and again' refused x@elsewhere.test "$ALIAS"
check 'no prober: said' log_has "$(seal_log milter)" "alias=$ALIAS the prober does not take note"
check 'no prober: once' equals "$(log_count "$(seal_log milter)" 'does not take note')" 1
seal_start prober
check 'prober back: refused as ever' refused back@elsewhere.test "$ALIAS"
check 'prober back: noted' until_true shows '<back@elsewhere\.test>'

seal_setting refusal_digest false
seal_restart
check 'off again: nothing is sent' matches "$(digest --send)" 'refusal_digest. is off'
postseal alias disable "$ALIAS" >/dev/null 2>&1
postseal alias disable other@secure.sender.test >/dev/null 2>&1
