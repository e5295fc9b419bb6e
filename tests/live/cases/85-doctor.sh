# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The doctor: content with this world; each thing broken is seen, and its mend works

# shellcheck source=tests/live/doctor.sh
. "$LIVE/doctor.sh"

# The lines behind a check's own, as an admin would copy them.
doctor_mend() {
    postseal doctor | awk -v name="$1" '/^[a-z]/ { here = $2 == name }
        here && /^    [^ ]/ { print substr($0, 5) }'
}

# What a machine with systemd and a network has, in terms of this world.
systemctl() {
    case "$*" in
    'restart postfix') sender_restart ;;
    'restart postseal-'*)
        seal_kill "${2#postseal-}"
        seal_start "${2#postseal-}"
        ;;
    'enable --now postseal-learn')
        setpriv --reuid postseal --regid postseal --init-groups \
            "$BUILD/postseal" learn "$SENDER_LOG"
        ;;
    'enable --now unbound') ;;
    *) because "systemctl $*" ;;
    esac
}
apt() { :; }

# A line that names a file's new contents is done by hand, all others are typed.
# (The examples are not installed here.)
mend_line() {
    case $1 in
    "# in $SEAL_CONF: "*)
        set -- "${1#*: }"
        seal_setting "${1%% = *}" "${1#* = }"
        ;;
    '# in /etc/resolv.conf: '*) echo "${1#*: }" >/etc/resolv.conf ;;
    '#'*) ;;
    'cp '*/examples/postfix/*) eval "cp $REPO/postfix-examples/${1##*/examples/postfix/}" ;;
    *) eval "$1" ;;
    esac && doctor_age
}

doctor_obey() {
    local line lines
    mapfile -t lines < <(doctor_mend "$1")
    ((${#lines[@]})) || because "$1 has no mend" || return
    for line in "${lines[@]}"; do
        mend_line "$line" || because "failed: $line" || return
    done
}

# sick CHECK HEALTH REGEX: seen, mended as it says, seen no more. How the thing was
# broken stands before.
sick() {
    check "$1: $3" doctor_says "$1" "$2 .*$3"
    check "$1: mended as it says" doctor_obey "$1"
    check "$1: sound again" doctor_says "$1" 'ok '
    doctor_restore
}

# Settings, not states: daemons are put right by their own mends.
doctor_save() {
    cp -a /etc/postfix "$WORLD/postfix.sound"
    cp -a "$SEAL_CONF" "$WORLD/conf.sound"
}
doctor_restore() {
    cp -a "$WORLD/postfix.sound/"{main.cf,master.cf,postseal-status-filter} /etc/postfix/
    cat "$WORLD/conf.sound" >"$SEAL_CONF"
}

chgrp postseal "$SENDER_LOG"
chmod 640 "$SENDER_LOG"
systemctl enable --now postseal-learn >/dev/null
postseal probe tls.test >/dev/null
doctor_save

check 'nothing is wrong with this world' postseal doctor
check 'and nothing is unknown' matches "$(postseal doctor | tail -n 1)" ' 0 wrong, 0 unsure'
check 'fits 80 columns' refute grep -E '.{81}' <<<"$(postseal doctor)"
check 'it changes nothing' diff -r "$WORLD/postfix.sound" /etc/postfix
as_nobody() {
    setpriv --reuid nobody --regid nogroup --clear-groups "$BUILD/postseal" -c "$SEAL_CONF" doctor
}
nobodys_status() {
    local status=0
    as_nobody >"$WORLD/nobody" || status=$?
    equals "$status" 3
}
check 'not root: some things it could not tell' nobodys_status
check 'not root: but finds nothing wrong' refute grep '^wrong' "$WORLD/nobody"
check 'not root: sees main.cf' grep -q '^ok  *policy-map' "$WORLD/nobody"

# --- resolvers: one that does not validate, at an address of its own ---------------

sed -e '/interface: /d' -e "s|module-config: .*|module-config: \"iterator\"\n    interface: 127.0.4.1|" \
    -e "s|control-enable: yes|control-enable: no|" "$DNS/unbound.conf" >"$DNS/blind.conf"
job_start blind unbound -d -c "$DNS/blind.conf"
until_true drill @127.0.4.1 test.

seal_setting resolver '{"127.0.4.1"}'
sick resolver wrong 'does not validate'
seal_setting resolver '{"127.0.3.3"}'
sick resolver wrong 'does not answer'
seal_setting resolver "{\"$ME_ADDR\"}"
sick resolver-trust wrong 'not on this machine'
echo 'nameserver 127.0.4.1' >/etc/resolv.conf
sick mta-resolver wrong 'does not validate'
echo 'nameserver 127.0.4.1' >/var/spool/postfix/etc/resolv.conf
sick chroot-resolver wrong 'still names 127.0.4.1'
job_stop blind || true

# --- main.cf ----------------------------------------------------------------------------

# set_wrong PARAMETER VALUE CHECK REGEX
set_wrong() {
    postconf -e "$1 = $2"
    sick "$3" "${5:-wrong}" "$4"
}
set_wrong smtp_tls_policy_maps '' policy-map 'is empty'
set_wrong smtp_tls_policy_maps socketmap:inet:127.0.0.1:7673:policy policy-map 'not map .policy'
# From 3.10 on Postfix knows these attributes.
if [[ $(printf '%s\n' "$(postconf -h mail_version)" 3.10 | sort -V | head -n 1) != 3.10 ]]; then
    set_wrong smtp_tls_policy_maps socketmap:inet:127.0.0.1:7672:policy+tlsrpt policy-map \
        'does not know'
fi
set_wrong smtp_tls_policy_maps 'static:may socketmap:inet:127.0.0.1:7672:policy' policy-map \
    'another table before postseal' warning
set_wrong smtp_tls_security_level none tls-level none
before=("$(postconf -h smtp_tls_security_level)" "$(postconf -h smtp_tls_policy_maps)")
set_wrong smtp_tls_security_level encrypt tls-level 'also answers what is less than that' warning
postconf -e "smtp_tls_security_level = ${before[0]}" "smtp_tls_policy_maps = ${before[1]}"
set_wrong smtp_dns_support_level enabled dns-support enabled
set_wrong smtp_host_lookup native dane-switches native
set_wrong ignore_mx_lookup_error yes dane-switches ignore_mx
set_wrong smtp_dns_resolver_options res_dnsrch dane-switches res_dnsrch
set_wrong smtp_tls_dane_insecure_mx_policy may insecure-mx may
set_wrong enable_idna2003_compatibility yes destinations 'sends to another'
# What to do about these only an admin can tell.
set_odd() {
    postconf -e "$1 = $2"
    check "$3: $4" doctor_says "$3" "warning .*$4"
    doctor_restore
}
set_odd smtp_host_lookup 'dns, native' destinations /etc/hosts
set_odd smtp_discard_ehlo_keyword_address_maps 'inline:{127.0.1.20=starttls}' probe starttls
set_wrong smtp_tls_loglevel 0 tls-log loglevel
set_wrong smtp_tls_CAfile /nowhere.pem mta-cas nowhere
set_wrong smtpd_milters '' milter 'is empty'
set_wrong smtpd_milters inet:127.0.0.1:11332 milter 'none of these'
set_wrong postseal_milter '{ inet:127.0.0.1:8689, default_action=accept }' milter-action accept
postconf -e milter_default_action=accept
set_wrong smtpd_milters inet:127.0.0.1:8689 milter-action 'milter_default_action = accept'
set_wrong sender_dependent_default_transport_maps '' transport-map 'does not ask'
set_wrong virtual_alias_maps hash:/etc/aliases alias-map 'does not ask' warning
set_wrong message_strip_characters '' nul-bytes 'leaves NUL' warning
# shellcheck disable=SC2016 # $myhostname is Postfix's
set_wrong mydestination '$myhostname, sender.test' secure-domains 'secure.sender.test is not in mydestination'

# smtpd(8) has to be told. A certificate of which only the name is there:
postconf -e smtpd_tls_security_level=none
reload
check 'own-tls: STARTTLS is not offered' doctor_says own-tls 'wrong .*does not offer STARTTLS'
doctor_restore
mv /etc/ssl/certs/ssl-cert-snakeoil.pem "$WORLD/snakeoil.pem"
reload
check 'own-tls: no certificate' doctor_says own-tls 'wrong .*ssl-cert-snakeoil.pem, is not there'
check 'own-tls: says what to install' matches "$(doctor_mend own-tls)" 'apt install ssl-cert'
mv "$WORLD/snakeoil.pem" /etc/ssl/certs/ssl-cert-snakeoil.pem
reload
check 'own-tls: sound again' doctor_says own-tls 'ok '
set_wrong masquerade_domains sender.test ways-around 'hides secure.sender.test'

postconf -e 'smtp_tls_CAfile =' 'smtp_tls_CApath ='
sick mta-cas wrong 'are empty'
postseal pin add tls.test "$(printf '%064d' 1)" >/dev/null
set_wrong smtp_tls_fingerprint_digest md5 pin-digest md5
postseal pin remove tls.test >/dev/null

# A socket that smtp(8) cannot see from its chroot.
seal_setting socketmap_listen '{"unix:/run/postseal/map"}'
systemctl restart postseal-socketmap
set_wrong smtp_tls_policy_maps socketmap:unix:/run/postseal/map:policy policy-map 'chrooted'
systemctl restart postseal-socketmap

# --- master.cf --------------------------------------------------------------------------

# service_wrong SERVICE/TYPE/PARAMETER=VALUE CHECK REGEX
service_wrong() {
    postconf -P "$1"
    sick "$2" wrong "$3"
}
service_wrong smtp/unix/smtp_tls_security_level=none overrides 'smtp/unix has -o'
service_wrong relay/unix/smtp_tls_policy_maps= overrides 'relay/unix has -o'
service_wrong smtp/unix/inet_protocols=ipv6 overrides 'goes by main.cf'
service_wrong relay/unix/smtp_tls_servername=hostname overrides 'goes by main.cf'
service_wrong smtp/inet/smtpd_milters= milter 'does not have postseal.s milter'
service_wrong postseal-encrypt/unix/smtp_tls_security_level=may transports 'is too weak'
service_wrong postseal-verify/unix/smtp_tls_policy_maps=socketmap:inet:127.0.0.1:7672:policy \
    transports 'does not ask'
service_wrong postseal-dane-only/unix/smtp_delivery_status_filter= transports 'is empty'
service_wrong 'postseal-encrypt/unix/smtp_fallback_relay=[relay.test]' transports 'without the demanded TLS'
postconf -MX postseal-authenticated/unix
sick transports wrong 'does not have postseal-authenticated'
rm /etc/postfix/postseal-status-filter
sick transports wrong 'does not exist'

# --- postseal's own -----------------------------------------------------------------------

for name in "${SEAL_DAEMONS[@]}"; do
    seal_kill "$name"
done
sick socketmap wrong 'cannot ask'
sick prober wrong 'cannot reach'
sick milter-runs wrong 'cannot reach'
chmod o+rx "$SEAL/ledger"
chmod o+r "$SEAL/ledger/data.mdb"
sick ledger wrong 'all users of this machine can read'
chmod o+rwx "$SEAL/ledger"
sick ledger wrong 'all users of this machine can write'
chmod 750 "$SEAL/ledger"
chown root:root "$SEAL/ledger/data.mdb"
sick ledger wrong 'another owner'
seal_setting ca_file '"/nowhere.pem"'
sick ca-store wrong nowhere
systemctl restart postseal-prober

# A ledger that nothing is in yet; then one of a machine that cannot get out.
seal_setting ledger "\"$SEAL/new\""
check 'ledger: there is none' doctor_says ledger 'wrong .*there is no ledger'
check 'ledger: mended as it says' doctor_obey ledger
check 'ledger: sound again' doctor_says ledger 'ok '
check 'port-25: nobody was asked yet' doctor_says port-25 'unsure '
check 'learning: nothing was read yet' doctor_says learning 'warning '
check 'learning: mended as it says' doctor_obey learning
check 'learning: sound again' doctor_says learning 'ok '
seal_setting smtp_port 2525
systemctl restart postseal-prober
postseal probe tls.test dane.test self.test >/dev/null
check 'port-25: the way out is closed' doctor_says port-25 'wrong .*none of 3'
check 'port-25: says what to do' matches "$(doctor_mend port-25)" 'outbound TCP port 2525'
seal_setting smtp_port 25
systemctl restart postseal-prober
postseal probe tls.test >/dev/null
check 'port-25: opened' doctor_says port-25 'ok '

check 'a test mail' postseal doctor --send bob@tls.test
check 'a test mail: tells how it went' matches "$(postseal doctor --send bob@tls.test | tail -n 3)" \
    'bob@tls.test: sent.*over: Trusted, TLSv1.3 with cipher'
check 'a test mail that stays here goes over no network' \
    matches "$(postseal doctor --send bob@sender.test | tail -n 3)" 'bob@sender.test: sent.*over: no network'
check 'a test mail that waits' refute postseal doctor --send bob@dane-wrong.test
check 'a test mail needs an address' refute postseal doctor --send

doctor_restore
rm -r "$SEAL/new"
seal_restart
sender_restart
check 'all is as it was' postseal doctor
