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
#   mailbox_up           postseal-mailbox itself, after sealed_up; BOX is its folder
#   mailbox_down         ends it
#   mailbox_proxy        nginx before it, as examples/mailbox/nginx.conf has it
#   link_for TO          a receiver has a link mail for that address; LINK is the newest one's file
#   guest ACT ...        the recipient's browser: see tests/mailbox/guest.c

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

# --- the mailbox ---------------------------------------------------------------------------

BOX=$WORLD/mailbox
MAILBOX_PORT=8690

mailbox_up() {
    local name
    install -d -o postseal -g postseal -m 700 "$BOX"/{store,keys,run}
    for name in store keys; do
        seal_setting "mailbox_$name" "\"$BOX/$name\""
    done
    seal_setting mailbox_runtime "\"$BOX/run\""
    seal_setting mailbox_url "\"https://$DOMAIN\""
    seal_pages
    seal_setting mailbox_from '"sealed@sender.test"'
    echo 'sealed: postmaster' >>/etc/aliases
    newaliases
    seal_restart # others ask it at its control socket
    seal_start mailbox
}

mailbox_down() {
    seal_stop mailbox
}

# A certificate of the world's authority stands where the example looks for one.
mailbox_proxy() {
    local live=/etc/letsencrypt/live/$DOMAIN conf=$WORLD/nginx.conf
    [[ -e $PKI/$DOMAIN.pem ]] || pki_issue "$DOMAIN"
    mkdir -p "$live" /var/log/nginx
    cp "$PKI/$DOMAIN.pem" "$live/fullchain.pem"
    cp "$PKI/$DOMAIN.pem" "$live/privkey.pem"
    {
        printf '%s\n' 'user root;' 'daemon off;' "pid $WORLD/nginx.pid;" 'events {}' 'http {'
        for name in client_body proxy fastcgi uwsgi scgi; do
            echo "${name}_temp_path $WORLD/nginx-$name;"
        done
        # Every other address of this machine may be a peer's.
        sed -e "s/sealed\.example\.com/$DOMAIN/g" -e "s/listen 443/listen $ME_ADDR:443/" \
            -e '/listen \[::\]/d' "$REPO/examples/mailbox/nginx.conf"
        echo '}'
    } >"$conf"
    job_start nginx nginx -c "$conf" -e /var/log/nginx/error.log
    until_true tcp_open "$ME_ADDR" 443 || die "nginx does not start: $(tail -n 3 /var/log/nginx/error.log)"
}

LINK=
has_link() {
    LINK=$(grep -lixF "Delivered-To: $1" "$RECEIVERS_MAIL"/* 2>/dev/null |
        xargs -r grep -lF "https://$DOMAIN/#v1." | xargs -r ls -t | head -n 1)
    [[ $LINK ]]
}
link_for() {
    until_true has_link "$1" || because "no link mail for $1; $(tail -n 3 "$(seal_log mailbox)")"
}

guest() { "$BUILD/mailbox/guest" "$@"; }
