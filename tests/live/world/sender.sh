# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The machine under test: Postfix as Debian installs it, then what every site
# fills in, then postfix-examples, and nothing else. smtp(8) and smtpd(8) are
# chrooted, as they are outside. Its users are alice, bob and carol, who log in
# with their address and LOGIN_PASSWORD.
#
#   sender_restart      as `systemctl restart postfix` does
#   sender_stop

sender_up() {
    sender_stock
    sender_site
    sender_wire
    sender_start
}

# /etc/postfix as dpkg leaves it for an "Internet Site". The machine's own
# main.cf and master.cf never count.
sender_stock() {
    local share=/usr/share/postfix
    cp "$share/master.cf.dist" /etc/postfix/master.cf
    cat "$share/main.cf.debian" "$share/main.cf.tls" >/etc/postfix/main.cf
    postconf -e 'smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination' \
        'alias_maps = hash:/etc/aliases' \
        'alias_database = hash:/etc/aliases' \
        "myhostname = $ME" \
        'relayhost =' \
        'mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128' \
        'mailbox_size_limit = 0' \
        'recipient_delimiter = +' \
        'inet_protocols = all'
    echo 'postmaster: root' >/etc/aliases
    postalias /etc/aliases
}

# What is this site's own: its domains, and (only because the receivers share
# the network with it) the addresses it listens on.
sender_site() {
    # shellcheck disable=SC2016 # $myhostname is Postfix's
    postconf -e "inet_interfaces = 127.0.0.1, $ME_ADDR" \
        'mydestination = $myhostname, sender.test, secure.sender.test, localhost' \
        "maillog_file = $(postfix_log sender)"
}

# What README.md of postfix-examples tells an admin to type, to the letter; the
# restart at its end is sender_start.
sender_wire() {
    [[ ${POSTSEAL_BARE:-} ]] && return 0
    (
        set -e
        systemctl() { :; }
        cd "$REPO"
        # shellcheck source=/dev/null
        . <(sender_readme Apply)
    )
    sender_logins
}

# sender_readme HEADING: the commands below it.
sender_readme() {
    awk -v heading="## $1" '$0 == heading { here = 1; next } /^##/ { here = 0 }
        here && sub(/^    /, "")' "$REPO/postfix-examples/README.md"
}

# As the same README has it for a site without a login service.
LOGIN_PASSWORD=open-sesame

sender_logins() {
    local user
    printf '%s\n' 'pwcheck_method: auxprop' 'auxprop_plugin: sasldb' \
        'mech_list: PLAIN LOGIN' >/etc/postfix/sasl/smtpd.conf
    for user in alice bob carol; do
        saslpasswd2 -p -c -u sender.test "$user" <<<"$LOGIN_PASSWORD"
    done
    mkdir -p /var/spool/postfix/etc
    install -g postfix -m 640 /etc/sasldb2 /var/spool/postfix/etc/sasldb2
}

# configure-instance.sh fills the chroot. Up to Debian 12 the service runs it first; since
# Debian 13 `postfix start` runs it (post-install), and it refuses to be run by others.
sender_start() {
    chown postfix: /var/lib/postfix
    grep -q configure-instance /usr/lib/postfix/sbin/post-install ||
        /usr/lib/postfix/configure-instance.sh - >>/var/log/postfix-start.log 2>&1 ||
        die "Postfix's chroot cannot be filled: $(tail -n 3 /var/log/postfix-start.log)"
    postfix_start "$POSTFIX_SENDER"
    until_true tcp_open "$ME_ADDR" 25 || die "the sender's smtpd does not listen"
}

sender_stop() {
    postfix_stop "$POSTFIX_SENDER"
}

sender_restart() {
    sender_stop
    sender_start
}
