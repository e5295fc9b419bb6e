# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Sealed mail and Web Key Directory: real look-ups, by DNS and HTTPS, and real gpg(1)

# shellcheck source=tests/live/sealed.sh
. "$LIVE/sealed.sh"
# shellcheck source=tests/live/doctor.sh
. "$LIVE/doctor.sh"

export GNUPGHOME=$WORLD/gnupg
WKD_SOCKET=$WORLD/wkd.sock
WKD_FILES=$WORLD/wkd
WKD_LOG=/var/log/web-keys.log
install -d -m 700 "$GNUPGHOME"

# key_make USER-ID [EXPIRES]
key_make() {
    gpg --batch --quiet --passphrase '' "${@:3}" --quick-gen-key "$1" future-default default "${2:-1d}" \
        2>/dev/null
}

# Web keys at HOST: its certificate is that of CERTIFICATE-OF, or its own.
web_keys() {
    local address
    address=$(dns_addr "$1")
    [[ -e $PKI/${2:-$1}.pem ]] || pki_issue "${2:-$1}"
    mkdir -p "$WKD_FILES"
    job_start web-keys "$LIVE/webkeys" "$address" 443 "$PKI/${2:-$1}.pem" "$WKD_FILES"
    until_true tcp_open "$address" 443 || die 'the server of web keys does not start'
}

# By gpg(1)'s own arithmetic, not ours.
key_place() {
    local hash
    hash=$(gpg --with-wkd-hash --list-keys "=Key <$1>" 2>/dev/null | sed -n 's/^ *\([^ @]*\)@.*/\1/p' | head -n 1)
    echo "$WKD_FILES/.well-known/openpgpkey/${2:+$2/}hu/$hash"
}

# publish ADDRESS WHICH [DOMAIN]: the key WHICH is published as that of ADDRESS; DOMAIN for the advanced way.
publish() {
    local file
    file=$(key_place "$1" "${3:-}")
    mkdir -p "${file%/*}"
    gpg --export "$2" >"$file"
}

asked() { grep -c '"GET ' "$WKD_LOG" || true; }

# Its Message-ID stands outside, as in each encrypted mail.
all_encrypted() {
    local found
    found=$(grep -rlE "(Subject: |Body of )$SECRET|X-Postseal" "$RECEIVERS_MAIL" 2>/dev/null)
    [[ -z $found ]] || because "it is in $found"
}

# The newest mail to somebody, read by gpg(1).
has_encrypted() {
    local file
    file=$(grep -lxF "Delivered-To: $1" "$RECEIVERS_MAIL"/* 2>/dev/null |
        xargs -r grep -lF 'protocol="application/pgp-encrypted"' | xargs -r ls -t | head -n 1)
    [[ $file ]] && gpg --batch --decrypt <"$file" 2>/dev/null | grep -qF "$SECRET"
}

sealed_up
dns_set openpgpkey.plain.test. A 127.0.4.9
dns_set tls.test. A 127.0.4.10
dns_reload
seal_setting mailbox_wkd "\"$WKD_SOCKET\""
# None of these has a PIN of the sender's.
seal_setting mailbox_pin '"allow"'
mailbox_up
job_start wkd "$LIVE/inetd" "$WKD_SOCKET" "$BUILD/postseal-wkd" -c "$SEAL_CONF"
until_true test -S "$WKD_SOCKET" || die 'no socket for postseal-wkd'

for name in kay eve pin; do
    key_make "Key <$name@plain.test>"
done
key_make 'Key <tom@tls.test>'
key_make 'Key <wrong@plain.test>'
key_make 'Key <old@plain.test>' 1d --faked-system-time 20200101T000000
key_make 'Key <gone@plain.test>'
fingerprint=$(gpg --with-colons --list-keys gone@plain.test | sed -n 's/^fpr:*\([^:]*\):/\1/p' | head -n 1)
sed -i 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$fingerprint.rev"
gpg --batch --quiet --import "$GNUPGHOME/openpgp-revocs.d/$fingerprint.rev" 2>/dev/null
publish kay@plain.test kay@plain.test plain.test
publish pin@plain.test pin@plain.test plain.test
publish old@plain.test old@plain.test plain.test
publish gone@plain.test gone@plain.test plain.test
publish wrong@plain.test eve@plain.test plain.test
publish tom@tls.test tom@tls.test
web_keys openpgpkey.plain.test

check 'doctor: it answers' doctor_says mailbox-openpgp 'ok .*found by WKD'
check 'by hand: a key' matches "$("$BUILD/postseal-wkd" -c "$SEAL_CONF" Kay@plain.test | head -n 1 | tr -d '\0')" '^found [0-9]+$'
check 'by hand: none' matches "$("$BUILD/postseal-wkd" -c "$SEAL_CONF" nobody@plain.test)" '^none openpgpkey\.plain\.test: '

check 'a key: taken' taken alice alice@sender.test 'X-Postseal-Seal: yes' -- '<kay@plain.test>'
check 'a key: gpg reads it' until_true has_encrypted kay@plain.test
check 'a key: nothing in the clear' all_encrypted
check 'a key: no link' refute has_link kay@plain.test

for who in wrong old gone; do
    check "$who: taken" taken alice alice@sender.test 'X-Postseal-Seal: yes' -- "<$who@plain.test>"
    check "$who: the temporary mailbox" link_for "$who@plain.test"
    check "$who: nothing in the clear" nothing_left
done

before=$(asked)
check 'a PIN: taken' taken alice alice@sender.test 'X-Postseal-Seal: yes' \
    'X-Postseal-PIN: pin@plain.test 47110815' -- '<pin@plain.test>'
check 'a PIN: the temporary mailbox' link_for pin@plain.test
check 'a PIN: the server of keys was not asked' equals "$(asked)" "$before"
job_stop web-keys

# A name that is not the certificate's: it cannot be told whether there is a key.
web_keys tls.test openpgpkey.plain.test
check 'another certificate: taken' taken alice alice@sender.test 'X-Postseal-Seal: yes' -- '<tom@tls.test>'
check 'another certificate: it waits' until_true log_has "$SENDER_LOG" \
    "$QID: to=<tom=tls.test@sealed.sender.test>.*status=deferred.*451"
check 'another certificate: nothing left' nothing_left
check 'another certificate: no link' refute has_link tom@tls.test
job_stop web-keys

# Directly at the domain, which has no host "openpgpkey"; a new start forgets what failed.
web_keys tls.test
seal_stop mailbox
seal_start mailbox
postqueue -f
check 'direct: it leaves when the server is right' until_true gone "$QID"
check 'direct: gpg reads it' until_true has_encrypted tom@tls.test
check 'direct: nothing in the clear' all_encrypted
job_stop web-keys

check 'nobody answers: taken' taken alice alice@sender.test 'X-Postseal-Seal: yes' -- '<eve@tls.test>'
check 'nobody answers: it waits' until_true log_has "$SENDER_LOG" \
    "$QID: to=<eve=tls.test@sealed.sender.test>.*status=deferred.*451"
seal_setting mailbox_wkd_wait 0
seal_stop mailbox
seal_start mailbox
postqueue -f
check 'nobody answers: after its time, the temporary mailbox' link_for eve@tls.test
check 'nobody answers: the log says so' grep -q \
    'recipient=eve@tls.test no key by WKD could be looked up' "$(seal_log mailbox)"
check 'nobody answers: nothing in the clear' nothing_left

check 'the mailbox daemon ends in good order' mailbox_down
job_stop wkd || true
gpgconf --kill all
dns_set openpgpkey.plain.test. A
dns_set tls.test. A
sealed_down
