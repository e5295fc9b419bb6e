# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Alerts: an admin is told of a downgrade and of a resolver, once, by mail and by a command

COMMAND=$WORLD/page
TOLD=/var/mail/alice

# As the systemd unit does it: an ordinary user, of postdrop's group and without setgid.
alert() {
    setpriv --reuid postseal --regid postseal --groups postseal,postdrop --no-new-privs \
        "$BUILD/postseal" -c "$SEAL_CONF" alert "$@" 2>&1
}

mails() {
    [[ -e $TOLD ]] || echo 0
    grep -cs '^Subject: postseal on ' "$TOLD" || true
}

# The bodies of all of them, in one line.
told() {
    awk '/^From / { mail = 0 } /^Subject: postseal on / { mail = 1 } mail { printf "%s ", $0 }' \
        "$TOLD" | tr -s ' '
}

paged() {
    tr -s ' \n' ' ' <"$WORLD/paged" 2>/dev/null
}

cat >"$COMMAND" <<EOF
#!/bin/sh
echo "\$#:\$1" >>$WORLD/paged
cat >>$WORLD/paged
EOF
chmod 755 "$COMMAND"
touch "$WORLD/paged"
chmod 666 "$WORLD/paged"

check 'nobody is to be told: said' matches "$(alert --send)" 'neither .alert_mail. nor'

seal_setting alert_mail '"alice@sender.test"'
seal_setting alert_command "{\"$COMMAND\", \"two words; \$(id)\"}"
check 'the first time: nothing is news' equals "$(alert --send)" ''
check 'the first time: nobody is told' equals "$(mails)" 0

postseal probe self.test >/dev/null
receiver_tls mx.self.test off
tick
postseal probe self.test >/dev/null
check 'a downgrade: shown' matches "$(alert)" 'self\.test no longer offers TLS'
check 'a downgrade: shown to programs' matches "$(alert --json)" \
    '"kind":"downgrade","time":"2.*"subject":"self\.test"'
check 'showing tells nobody' equals "$(mails)" 0
check 'a downgrade: told' equals "$(alert --send)" ''
one_mail() { equals "$(mails)" 1; }
check 'a downgrade: by mail' until_true one_mail
check 'made by a machine' matches "$(told)" 'Auto-Submitted: auto-generated'
check 'with who it is' matches "$(told)" '\* self\.test no longer offers TLS'
check 'and what to do' matches "$(told)" 'postseal explain DOMAIN'
check 'a downgrade: by the command, without a shell' \
    matches "$(paged)" '^1:two words; \$\(id\) postseal on '
check 'the command has the text' matches "$(paged)" '\* self\.test no longer offers TLS'
check 'told once' equals "$(alert --send)$(mails)" 1
check 'there is nothing more to show' equals "$(alert)" 'postseal alert: there is nothing to tell'

receiver_tls mx.self.test on
tick
check 'over: TLS is back' postseal probe self.test
check 'over: no news' equals "$(alert)" 'postseal alert: there is nothing to tell'
receiver_tls mx.self.test off
tick
postseal probe self.test >/dev/null
check 'once more: to be told' matches "$(alert)" 'self\.test no longer offers TLS'
check 'once more: but not within 15 minutes' equals "$(alert --send)$(mails)" 1
check 'once more: kept for later' matches "$(alert)" 'self\.test no longer offers TLS'
receiver_tls mx.self.test on
tick
check 'over again' postseal probe self.test

# A resolver that does not validate.
seal_setting resolver "{\"$ME_ADDR\"}"
seal_restart
is_noted() { matches "$(alert)" "does not validate DNSSEC"; }
check 'a resolver that is not believed: noted' until_true is_noted
seal_setting resolver "{\"127.0.0.1\"}"
seal_restart
seal_setting alert_mail '""'
seal_setting alert_command '{}'
