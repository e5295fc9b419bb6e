# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What both Postfix instances of the world have in common. Logs are files,
# written by Postfix itself (postlogd), as nothing here answers on /dev/log.
#
#   postfix_log sender|receivers      the log's name

# shellcheck disable=SC2034 # for sender.sh
POSTFIX_SENDER=/etc/postfix
# shellcheck disable=SC2034 # for receivers.sh
POSTFIX_RECEIVERS=$WORLD/receivers/etc

postfix_log() {
    echo "/var/log/mail-$1.log"
}

# postfix_start DIRECTORY: returns when it accepts orders. Where a case has what looks like systemd
# (setup.sh), Debian 13's would have that start it, but for this variable, which systemd sets.
postfix_start() {
    INVOCATION_ID=world postfix -c "$1" start >>/var/log/postfix-start.log 2>&1 ||
        die "postfix does not start: $(tail -n 3 /var/log/postfix-start.log)"
    until_true postfix -c "$1" status || die "postfix -c $1 does not run"
}

postfix_stop() {
    postfix -c "$1" stop 2>>/var/log/postfix-start.log || true
}

# fragment FILE: a postfix-examples file without its comments, as its README
# tells an admin to apply it.
fragment() {
    sed -e '/^#/d' -e '/^$/d' "$REPO/postfix-examples/$1"
}
