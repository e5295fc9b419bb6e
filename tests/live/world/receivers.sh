# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Everybody's mail hosts: one Postfix with an smtpd for each line of
# receivers.conf, at the host's own address. They take mail for every domain and
# keep it in one maildir; its Delivered-To: says for whom, its Received: which
# host took it, over what.
#
#   receiver_tls HOST on|off     offers STARTTLS, or no longer
#   receiver_down HOST           nothing listens there any more
#   receiver_up HOST             as receivers.conf has it

RECEIVERS=$WORLD/receivers
# shellcheck disable=SC2034 # for lib.sh
RECEIVERS_MAIL=$RECEIVERS/mail/all/new

receivers_up() {
    mkdir -p "$RECEIVERS"/{etc,spool,varlib,mail}
    chown postfix: "$RECEIVERS/varlib"
    chown nobody: "$RECEIVERS/mail"
    cp -a /etc/postfix/{dynamicmaps.cf*,postfix-files*} "$POSTFIX_RECEIVERS"
    receivers_main >"$POSTFIX_RECEIVERS/main.cf"
    grep -v '^smtp  *inet' /usr/share/postfix/master.cf.dist \
        >"$POSTFIX_RECEIVERS/master.cf"
    local host kind
    while read -r host kind _; do
        receiver_entry "$host" "$kind"
    done < <(table "$LIVE/receivers.conf")
    postfix_start "$POSTFIX_RECEIVERS"
    until_true receivers_listen || die "the receivers do not listen"
}

receivers_main() {
    cat <<-END
	compatibility_level = 3.6
	queue_directory = $RECEIVERS/spool
	data_directory = $RECEIVERS/varlib
	maillog_file = $(postfix_log receivers)
	myhostname = receivers.test
	mydestination =
	alias_maps =
	alias_database =
	inet_interfaces = 127.0.0.1
	inet_protocols = ipv4
	mynetworks =
	smtpd_relay_restrictions = permit_auth_destination, reject
	smtpd_client_connection_count_limit = 0
	smtpd_tls_received_header = yes
	smtpd_tls_loglevel = 1
	virtual_mailbox_domains = static:all
	virtual_mailbox_maps = static:all/
	virtual_mailbox_base = $RECEIVERS/mail
	virtual_uid_maps = static:$(id -u nobody)
	virtual_gid_maps = static:$(id -g nobody)
	END
}

receivers_listen() {
    local host
    while read -r host _; do
        tcp_open "$(dns_addr "$host")" 25 || return 1
    done < <(table "$LIVE/receivers.conf")
}

receiver_kind() {
    table "$LIVE/receivers.conf" | awk -v host="$1" '$1 == host { print $2 }'
}

# Its line in master.cf, appended: Postfix is told at its start or reload.
receiver_entry() {
    local host=$1 kind=$2 shown=$1
    [[ $kind != sni ]] || shown=snakeoil
    printf '%s:25 inet n - n - - smtpd\n' "$(dns_addr "$host")"
    printf '  -o syslog_name=%s\n  -o myhostname=%s\n' "$host" "$host"
    [[ $kind == plain ]] ||
        printf '  -o smtpd_tls_security_level=may\n  -o smtpd_tls_chain_files=%s\n' \
            "$PKI/$shown.pem"
    [[ $kind != sni ]] || receiver_by_name "$host"
    [[ $kind != tls12 ]] ||
        printf '  -o smtpd_tls_protocols=TLSv1.2\n'
} >>"$POSTFIX_RECEIVERS/master.cf"

# The certificate of its own for who sends its name.
receiver_by_name() {
    echo "$1 $PKI/$1.pem" >"$RECEIVERS/$1"
    postmap -c "$POSTFIX_RECEIVERS" -F "hash:$RECEIVERS/$1"
    printf '  -o tls_server_sni_maps=hash:%s\n' "$RECEIVERS/$1"
}

receivers_reload() {
    postfix -c "$POSTFIX_RECEIVERS" reload 2>>/var/log/postfix-start.log
}

receiver_service() {
    echo "$(dns_addr "$1"):25/inet"
}

# A reload is over when new processes answer; old ones finish what they have.
receiver_tls() {
    local level=may wanted=offers_starttls
    [[ $2 == on ]] || { level=none wanted=lacks_starttls; }
    postconf -c "$POSTFIX_RECEIVERS" \
        -P "$(receiver_service "$1")/smtpd_tls_security_level=$level"
    receivers_reload
    until_true "$wanted" "$1" || die "STARTTLS on $1 is not $2"
}

receiver_down() {
    postconf -c "$POSTFIX_RECEIVERS" -MX "$(receiver_service "$1")"
    receivers_reload
    until_true not_listening "$1" || die "$1 still listens"
}

receiver_up() {
    receiver_entry "$1" "$(receiver_kind "$1")"
    receivers_reload
    until_true tcp_open "$(dns_addr "$1")" 25 || die "$1 does not listen"
}

not_listening() {
    ! tcp_open "$(dns_addr "$1")" 25
}

# The EHLO reply of HOST, as anybody would see it.
ehlo_reply() {
    local line
    exec {ehlo}<>"/dev/tcp/$(dns_addr "$1")/25" || return 1
    read -r -t 10 -u "$ehlo" line
    printf 'EHLO test\r\n' >&"$ehlo"
    while read -r -t 10 -u "$ehlo" line; do
        printf '%s\n' "${line%$'\r'}"
        [[ $line == 250-* ]] || break
    done
    printf 'QUIT\r\n' >&"$ehlo"
    exec {ehlo}>&-
}

offers_starttls() {
    [[ $(ehlo_reply "$1") == *STARTTLS* ]]
}

lacks_starttls() {
    local reply
    reply=$(ehlo_reply "$1")
    [[ $reply == *'250 '* && $reply != *STARTTLS* ]]
}
