# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# setup mailbox: from secure aliases to sealed mail, and back byte for byte

# shellcheck source=tests/live/sealed.sh
. "$LIVE/sealed.sh"
# shellcheck source=tests/live/setup.sh
. "$LIVE/setup.sh"
# shellcheck source=tests/live/doctor.sh
. "$LIVE/doctor.sh"

# What packages bring: directories, nginx; and a certificate, by certbot(1).
certificate() {
    local live=/etc/letsencrypt/live/$DOMAIN
    pki_issue "$DOMAIN"
    mkdir -p "$live"
    cp "$PKI/$DOMAIN.pem" "$live/fullchain.pem"
    cp "$PKI/$DOMAIN.pem" "$live/privkey.pem"
}
SOCKET=/var/spool/postfix/postseal/milter.sock
# as_user NAME GROUP COMMAND...
as_user() {
    local name=$1 group=$2
    shift 2
    setpriv --reuid "$name" --regid "$group" --clear-groups "$@"
}
SITE=/etc/nginx/sites-enabled/postseal-sealed
cp "$SEAL_CONF" "$WORLD/before.conf"
install -d -o postseal -g postseal -m 700 "$BOX"/{store,keys,run}
for name in store keys; do
    seal_setting "mailbox_$name" "\"$BOX/$name\""
done
seal_setting mailbox_runtime "\"$BOX/run\""
seal_pages
seal_setting mailbox_token_key "\"$KEY\""
seal_restart
setup_up
mkdir -p "${SITE%/*}"
rm -f "${SITE%/*}"/*
dns_set "$DOMAIN." A "$ME_ADDR"
dns_reload
newaliases
doctor_age
keep_postfix before

check 'a domain has to be named' status_is 2 set_up mailbox --yes
check 'and it is a domain' status_is 2 set_up mailbox 'no domain' --yes
check 'dry run: something would change' status_is 1 set_up mailbox "$DOMAIN" --dry-run
check 'dry run: the settings' out_has '+mailbox_domain = "sealed.sender.test"'
check 'dry run: the socket of the milter' out_has "+milter_listen = \"unix:$SOCKET\""
check 'dry run: its folder' out_has "${SOCKET%/*} is made, a folder of postseal and group postfix (mode 2750)"
check 'dry run: where Postfix finds it' out_has '+postseal_milter = { unix:postseal/milter.sock,'
check 'dry run: the intake' out_has "+transport_maps = inline:{ $DOMAIN=lmtp:inet:127.0.0.1:8691"
check 'dry run: the listener' out_has '+127.0.0.1:8692 inet'
check 'dry run: without a certificate it says what to do' out_has 'by hand: # get a certificate for'
check 'dry run: changes nothing' as_it_was before
check 'dry run: makes no folder' refute test -e "${SOCKET%/*}"
postconf -e 'smtpd_milters = inet:127.0.0.1:8689'
check "dry run: where the admin's line has the port" status_is 1 set_up mailbox "$DOMAIN" --dry-run
check 'dry run: the milter stays there' refute out_has milter_listen
cp -p "$WORLD/before/main.cf" /etc/postfix/main.cf
certificate
check 'dry run: the web server' status_is 1 set_up mailbox "$DOMAIN" --dry-run
check 'dry run: its site has our name' out_has "+    server_name $DOMAIN;"

check 'it is set up' status_is 0 set_up mailbox "$DOMAIN" --yes
check 'says how to seal' out_has "writing to bob=example.net@$DOMAIN"
doctor_age
for name in sealed-domain sealed-marks sealed-door sealed-size sealed-socket milter mailbox mailbox-from mailbox-pages \
    mailbox-proxy; do
    check "$name is sound" doctor_says "$name" 'ok '
done
check 'smtpd is in a chroot' matches "$(postconf -M smtp/inet)" 'inet +n +[-n] +y '
check 'Postfix reaches the milter' as_user postfix postfix test -S "$SOCKET"
check 'other users do not' refute as_user nobody nogroup test -S "$SOCKET"
check 'nor by the port' refute tcp_open 127.0.0.1 8689
doctor_age
check 'again: nothing to change' status_is 0 set_up mailbox --dry-run

check 'a mail is sealed' taken alice alice@sender.test -- "<kim=plain.test@$DOMAIN>"
check 'its link leaves' link_for kim@plain.test
check 'nothing else of it does' refute grep -rqF "$SECRET" "$RECEIVERS_MAIL"
check 'its sender gets a receipt' until_true grep -q '^X-Postseal-PIN: *kim@plain.test' /var/mail/alice
PIN=$(sed -n 's/^X-Postseal-PIN: *kim@plain.test *//p' /var/mail/alice | tail -n 1)
check 'its recipient reads it' matches \
    "$(guest open "$MAILBOX_PORT" "$LINK" "$PIN" "$WORLD/kim" 2>&1)" "Body of $SECRET"
SMTP_HOST=$ME_ADDR smtp_open plain
smtp 'EHLO client.elsewhere.test' >/dev/null
smtp 'MAIL FROM:<>' >/dev/null
check 'what comes back of a link mail is taken' smtp_says '^250' 'RCPT TO:<sealed-bounce+abc@sender.test>'
check 'other addresses are not' smtp_says '^550' 'RCPT TO:<sealed-bounced@sender.test>'
smtp_close
check 'given to sendmail(1)' mail_send alice@sender.test "x=plain.test@$DOMAIN"
check 'it comes back' bounced "$QID" "x=plain.test@$DOMAIN" 'no mark of postseal-milter'

check 'another domain is not taken by the way' status_is 2 set_up mailbox other.sender.test --yes
check 'undone' status_is 0 set_up --undo --yes
check 'all is as it was' as_it_was before
check 'the folder of the socket is gone' refute test -e "${SOCKET%/*}"
check 'the milter is at its port again' tcp_open 127.0.0.1 8689
check 'the site is gone' refute test -e "$SITE"
check 'its daemon is stopped' grep -qx 'disable --now postseal-mailbox' "$WORLD/systemctl.log"
check 'nobody listens' refute tcp_open 127.0.0.1 8690

kill "$(cat "$WORLD/nginx.pid")" || true
setup_down
cat "$WORLD/before.conf" >"$SEAL_CONF"
seal_restart
sender_restart
dns_set "$DOMAIN." A
dns_reload
