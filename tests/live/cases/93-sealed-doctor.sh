# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The doctor, of sealed mail: content with it; each thing broken is seen

# shellcheck source=tests/live/sealed.sh
. "$LIVE/sealed.sh"
# shellcheck source=tests/live/doctor.sh
. "$LIVE/doctor.sh"
sealed_up
BOX=$WORLD/mailbox

check 'without mailbox_url another host keeps the mailboxes' doctor_says mailbox 'ok .*another host'
install -d -o postseal -g postseal -m 700 "$BOX" "$BOX/store" "$BOX/keys" "$BOX/run"
chmod 755 "$BOX"
seal_setting mailbox_url '"https://sealed.sender.test"'
seal_setting mailbox_store "\"$BOX/store\""
seal_setting mailbox_keys "\"$BOX/keys\""
seal_setting mailbox_runtime "\"$BOX/run\""
seal_pages
seal_setting mailbox_from '"sealed@sender.test"'
seal_setting mailbox_bounce '"sealed-bounce@sender.test"'

# What comes back of link mails.
echo 'sealed-bounce: postmaster' >>/etc/aliases
newaliases
check 'mailbox_bounce is led nowhere' doctor_says mailbox-from \
    'wrong .*does not lead sealed-bounce@sender.test to the intake'
postconf -e "transport_maps = inline:{ $DOMAIN=lmtp:inet:127.0.0.1:8691 sealed-bounce@sender.test=lmtp:inet:127.0.0.1:8691 }"

# front CERTIFICATE: the web server before it, with another certificate.
front() {
    job_stop front || true
    job_start front "$LIVE/tlsfront" "$ME_ADDR" 443 "$PKI/$1.pem" 8690
    until_true tcp_open "$ME_ADDR" 443 || die 'the web server does not listen'
}
pki_issue "$DOMAIN"
check 'the daemon is not there' doctor_says mailbox 'wrong .*cannot reach postseal-mailbox'
seal_start mailbox
check 'no web server' doctor_says mailbox-proxy 'wrong .*cannot use https://sealed.sender.test'
front "$DOMAIN"
check 'a web server that is trusted' doctor_says mailbox-proxy 'ok .*good for (29|30) days'
pki_self soon "$DOMAIN" 5
cat "$PKI/soon.crt" >>/etc/ssl/certs/ca-certificates.crt
front soon
check 'a certificate that ends soon' doctor_says mailbox-proxy 'warning .*ends in [45] days'
pki_self stranger "$DOMAIN" 30
front stranger
check 'a certificate that nobody trusts' doctor_says mailbox-proxy 'wrong .*certificate'
front "$DOMAIN"
check 'the clock' doctor_says mailbox-clock '(ok|warning) .*(it is set|nothing sets)'
postconf -e 'message_size_limit = 26214400'
for name in sealed-domain sealed-dns sealed-size sealed-milters sealed-filters sealed-lists \
    mailbox mailbox-from mailbox-pages mailbox-keys; do
    check "$name is sound" doctor_says "$name" 'ok '
done

# --- Postfix ----------------------------------------------------------------------------

# set_sick CHECK HEALTH REGEX PARAMETER VALUE: of main.cf, which is put back.
set_sick() {
    local before
    before=$(postconf -h "$4")
    postconf -e "$4 = $5"
    check "$1: $3" doctor_says "$1" "$2 .*$3"
    postconf -e "$4 = $before"
    doctor_age
}
set_sick sealed-domain wrong 'does not lead sealed.sender.test' transport_maps ''
set_sick sealed-domain warning 'to smtp:\[127.0.0.9\]' transport_maps \
    'inline:{ sealed.sender.test=smtp:[127.0.0.9] }'
set_sick sealed-domain wrong 'relay_domains has' relay_domains sealed.sender.test
set_sick sealed-domain wrong 'relay_domains has' relay_domains sender.test
set_sick sealed-domain ok '' relay_domains test.sender.test
set_sick sealed-domain wrong 'mydestination has' mydestination \
    "$(postconf -h mydestination), sealed.sender.test"
set_sick sealed-size warning 'Postfix refuses' message_size_limit 10240000
set_sick sealed-filters warning 'another machine' content_filter 'scan:[192.0.2.9]:10025'
echo 'owner-friends: postmaster' >>/etc/aliases
newaliases
check 'a list with an owner' doctor_says sealed-lists 'warning .*owner-friends'

seal_setting mailbox_domain '"nowhere.sender.test"'
check 'no record' doctor_says sealed-dns 'wrong .*no A, AAAA or MX record'
seal_setting mailbox_domain '"tls.test"'
check "another host's records" doctor_says sealed-dns 'warning .*not this host'
seal_setting mailbox_domain '"sealed.sender.test"'

as_nobody() {
    doctor_age
    setpriv --reuid nobody --regid nogroup --clear-groups "$BUILD/postseal" -c "$SEAL_CONF" \
        doctor --json
}
echo 'sealed.sender.test lmtp:inet:127.0.0.1:8691' >/etc/postfix/secret
chmod 600 /etc/postfix/secret
transports=$(postconf -h transport_maps)
postconf -e 'transport_maps = texthash:/etc/postfix/secret'
check 'a table that root may read' doctor_says sealed-domain 'ok '
check 'not root: cannot tell' grep -q \
    '"check":"sealed-domain",.*"health":"unsure",.*secret in transport_maps cannot be asked' <<<"$(as_nobody)"
postconf -e "transport_maps = $transports"

# --- The daemon ------------------------------------------------------------------------

echo '// more' >>"$WORLD/pages/app/main.js"
check 'a changed page that is not served yet' doctor_says mailbox-pages 'ok '
echo '<!-- more -->' >>"$WORLD/pages/index.html"
check 'the web server serves another page' doctor_says mailbox-proxy 'wrong .*not our page'
cp "$BUILD/web/index.html" "$WORLD/pages/index.html"
seal_kill mailbox
seal_start mailbox
check 'a changed page that is served' doctor_says mailbox-pages 'wrong .*as installed: app/main.js'
seal_setting mailbox_keys "\"$BOX/store/keys\""
install -d -o postseal -g postseal -m 705 "$BOX/store/keys"
check 'keys in the store' doctor_says mailbox-keys 'wrong .*is inside the other.*all users of this'
seal_setting mailbox_keys "\"$BOX/keys\""
seal_kill mailbox
check 'killed' doctor_says mailbox 'wrong .*is it running'
check 'killed: nothing to compare' doctor_says mailbox-pages 'unsure .*cannot be fetched'

job_stop front || true
sealed_down
