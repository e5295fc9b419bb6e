# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Sealed mail in the live world, as postfix-examples have it. For cases.
#
#   sealed_up            DOMAIN, its key, main.cf, master.cf, aliases that lead outside:
#                        leads-out and carol; breaks cannot be delivered
#   sealed_down          all as it was
#   taken LOGIN FROM HEADER... -- TO...     submits a mail with a SECRET in subject and
#                        body; sets QID and MSGID
#   not_taken REGEX ...  the same, and the refusal that is expected
#   nothing_left         no receiver got any of it, nor a mark, token or PIN
#   gone QID             it has left the queue

DOMAIN=sealed.sender.test
KEY=$SEAL/token.key

sealed_up() {
    dns_set "$DOMAIN." A "$ME_ADDR"
    dns_reload
    (umask 027 && openssl rand -hex 32 >"$KEY" && chown postseal: "$KEY")
    cp "$SEAL_CONF" "$SEAL/conf.before"
    cp -p /etc/postfix/main.cf "$WORLD/main.cf.before"
    cp -p /etc/postfix/master.cf "$WORLD/master.cf.before"
    cp -p /etc/aliases "$WORLD/aliases.before"
    seal_setting mailbox_domain "\"$DOMAIN\""
    seal_setting mailbox_token_key "\"$KEY\""
    seal_restart
    cp "$REPO"/postfix-examples/postseal-*-headers /etc/postfix/
    fragment master.cf.sealed >>/etc/postfix/master.cf
    fragment main.cf.sealed | sed "s/sealed\.example\.com/$DOMAIN/g" | xargs -d '\n' postconf -e
    postconf -P pickup/unix/cleanup_service_name=postseal-pickup
    printf '%s\n' 'leads-out: alias@plain.test' 'breaks: "|exit 67"' >>/etc/aliases
    newaliases
    # Nobody here has a home to keep a .forward in.
    # shellcheck disable=SC2016 # $user is local(8)'s
    postconf -e 'forward_path = /etc/postfix/forward.$user'
    echo forward@plain.test >/etc/postfix/forward.carol
    chown carol: /etc/postfix/forward.carol
    reload
}

sealed_down() {
    cat "$SEAL/conf.before" >"$SEAL_CONF"
    cp -p "$WORLD/main.cf.before" /etc/postfix/main.cf
    cp -p "$WORLD/master.cf.before" /etc/postfix/master.cf
    cp -p "$WORLD/aliases.before" /etc/aliases
    newaliases
    rm -f /etc/postfix/forward.carol /etc/postfix/postseal-*-headers
    seal_restart
    reload
    dns_set "$DOMAIN." A
    dns_reload
}

SECRET=
NUMBER=0

# marking LOGIN FROM HEADER... -- TO...: submits a mail with a secret in subject and body.
marking() {
    local login=$1 from=$2 header to headers=()
    shift 2
    while [[ $1 != -- ]]; do
        headers+=("$1")
        shift
    done
    shift
    NUMBER=$((NUMBER + 1))
    SECRET=secret-$NUMBER-$RANDOM$RANDOM
    MSGID=$SECRET@live.test
    login "$login" && smtp_says '^250' "MAIL FROM:<$from>" || return
    for to in "$@"; do
        smtp_says '^250' "RCPT TO:$to" || return
    done
    smtp_says '^354' DATA || return
    for header in "From: Alice <$from>" "${headers[@]}"; do
        smtp_send "$header"
    done
    smtp_send "Message-ID: <$MSGID>"
    smtp_send "Subject: $SECRET"
    smtp_send ''
    smtp_send "Body of $SECRET."
    smtp '.'
    smtp_close
}
taken() { marking "$@" && smtp_queued; }
not_taken() {
    local text=$1
    shift
    marking "$@"
    smtp_close
    matches "$REPLY_TEXT" "$text"
}

# Nothing that a receiver or peer got holds any of it.
nothing_left() {
    local found
    found=$(grep -rlE "$SECRET|X-Postseal|47110815" "$RECEIVERS_MAIL" 2>/dev/null)
    [[ -z $found ]] || because "it is in $found"
}
gone() {
    ! mailq | grep -q "$1" || because "still in the queue: $(mailq)"
}
