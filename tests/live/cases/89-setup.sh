# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# setup: from a stock Postfix to mail over TLS and secure aliases, and back byte for byte

# shellcheck source=tests/live/setup.sh
. "$LIVE/setup.sh"

doctor_knows() {
    matches "$(postseal doctor)" "ok +$1 "
}

# at_terminal WORDS ANSWER...: a person types these.
at_terminal() {
    local words=$1
    shift
    printf '%s\n' "$@" | PATH=$SETUP_BIN:$PATH script -qec "'$BUILD/postseal' -c '$SEAL_CONF' setup $words" /dev/null
}

cp -pr /etc/postfix "$WORLD/wired"
cp "$SEAL_CONF" "$WORLD/wired.conf"
setup_up
rm -f /etc/postfix/postseal-status-filter
sender_stock
sender_site
seal_setting secure_domains '{}'
seal_restart
setup_pids
sender_restart
keep_postfix stock

check 'dry run: something would change' status_is 1 set_up --dry-run
check 'dry run: shows how' out_has '+smtp_tls_policy_maps = socketmap:inet:127.0.0.1:7672:policy'
check 'dry run: changes nothing' as_it_was stock
check 'without a person it asks for --yes' status_is 2 set_up </dev/null
check 'dry run: the same each time' diff <(set_up --dry-run) <(set_up --dry-run)
check 'the doctor names setup' matches "$(postseal doctor)" '`postseal setup` mends [1-9]'
check 'a test mail needs an address' status_is 2 set_up --yes --to nobody
check 'not root: not done' status_is 3 setpriv --reuid postseal --clear-groups "$BUILD/postseal" \
    -c "$SEAL_CONF" setup --yes

# No resolver, and no Unbound to be one: whatever is done before it is there would be in vain.
cp /etc/resolv.conf "$WORLD/resolv.conf"
echo 'nameserver 127.0.3.3' >/etc/resolv.conf
: >"$WORLD/nothing"
mount --bind "$WORLD/nothing" /usr/sbin/unbound
: >"$WORLD/systemctl.log"
check 'without Unbound: dry run says what comes first' status_is 1 set_up --dry-run
check 'without Unbound: what comes first' out_has 'first, by hand: apt install unbound dns-root-data'
check 'without Unbound: it is not done' status_is 3 set_up --yes
check 'without Unbound: says what is missing, and what to type' \
    out_has 'unbound is not installed; type `apt install unbound dns-root-data`, then run this again'
check 'without Unbound: Postfix is as it was' as_it_was stock
check 'without Unbound: so is resolv.conf' equals "$(cat /etc/resolv.conf)" 'nameserver 127.0.3.3'
check 'without Unbound: no service is touched' refute grep -E 'enable --now|restart' "$WORLD/systemctl.log"
umount /usr/sbin/unbound
cat "$WORLD/resolv.conf" >/etc/resolv.conf

check 'outbound is set up' status_is 0 set_up --yes --to bob@dane.test
check 'the test mail was sent' out_has 'sent: '
check 'the test mail went over DANE' out_has 'over: Verified, TLSv1.3 with cipher'
check 'says how to undo it' out_has 'postseal setup --undo'
check 'what was sent is learned from' doctor_knows learning
check 'the doctor finds the map' doctor_knows policy-map
check 'again: nothing to change' status_is 0 set_up --dry-run
check 'no address for a test mail: all the same it is set up' status_is 0 at_terminal '' y nobody
check 'it is asked for twice' equals "$(grep -c 'That is not a mail address' "$WORLD/setup.out")" 2
keep_postfix outbound
mail_send alice@sender.test bob@plain.test
check 'mail to who never had TLS: sent' sent "$QID" bob@plain.test

check 'aliases: the domain has to be named' status_is 2 set_up aliases --yes
check 'aliases: no domain' status_is 2 set_up aliases 'not a domain' --yes
postconf -e "mydestination = \$myhostname, sender.test, localhost"
keep_postfix outbound
check 'aliases are set up' status_is 0 set_up aliases secure.sender.test --yes
check 'aliases: the setting is there' grep -qx 'secure_domains = {"secure.sender.test"}' "$SEAL_CONF"
check 'aliases: the domain is local now' matches "$(postconf -h mydestination)" 'secure\.sender\.test'
check 'aliases: the daemons were told' grep -qx 'reload postseal-milter' "$WORLD/systemctl.log"
check 'aliases: mail to who has no TLS' mail_send alice@secure.sender.test bob@plain.test
check 'aliases: comes back' bounced "$QID" bob@plain.test
check 'aliases: plaintext from outside' smtp_open plain
smtp 'EHLO client.elsewhere.test' >/dev/null
smtp 'MAIL FROM:<x@elsewhere.test>' >/dev/null
check 'aliases: is refused' smtp_says '^550 5.7.10' 'RCPT TO:<alice@secure.sender.test>'
smtp_close
check 'aliases: again: nothing to change' status_is 0 set_up aliases --dry-run

check 'aliases: a second domain is for a person to write' status_is 2 set_up aliases second.sender.test --yes
check 'aliases: it says the whole line' out_has 'secure_domains = {"secure.sender.test", "second.sender.test"}'

check 'undo of the aliases' status_is 0 set_up --undo --yes
check 'undo: shows how' out_has '-secure_domains = {"secure.sender.test"}'
check 'undo: says what is undone' out_has 'Undone: aliases (2'
check 'undo: says what is still set up' out_has 'Still set up: outbound (2'
check 'Postfix is as it was before them' as_it_was outbound
check 'the settings are as they were' refute grep -q '^secure_domains = {"' "$SEAL_CONF"
echo '# mine' >>/etc/postfix/main.cf
check 'what was changed since is not thrown away' status_is 1 set_up --undo --yes
check 'a person sees what would be lost' status_is 1 at_terminal --undo n
check 'a person sees what would be lost: the line' out_has '-# mine'
sed -i '$d' /etc/postfix/main.cf
postconf -e "mydestination = \$myhostname, sender.test, secure.sender.test, localhost"
check 'undo of outbound' status_is 0 set_up --undo --yes
check 'undo: nothing is left' out_has 'All is as it was before the first setup.'
check 'Postfix is as it was at first' as_it_was stock
check 'nothing is left to undo' status_is 1 set_up --undo --yes

# The server is down: Postfix would wait for it.
seal_stop socketmap
check 'the server does not answer: nothing is done' status_is 3 set_up --yes
check 'the server does not answer: Postfix is as it was' as_it_was stock
seal_start socketmap

setup_down
cp -p "$WORLD/wired/"*.cf /etc/postfix/
cp "$WORLD/wired/postseal-status-filter" /etc/postfix/
cat "$WORLD/wired.conf" >"$SEAL_CONF"
seal_restart
sender_restart
