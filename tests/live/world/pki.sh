# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Certificates, made anew for every world. Its CA is added to the machine's CA
# store (the world's copy of it), so that "Trusted" means what it means outside.
#
#   $PKI/HOST.pem     key, then certificate (and the CA's, where it issued it)

PKI=$WORLD/pki

# It tells how it gets on, and only when it fails does that matter.
pki_openssl() {
    openssl "$@" >"$PKI/said" 2>&1 || die "openssl $*: $(tail -n 5 "$PKI/said")"
}

# A new key, and a certificate of it.
pki_request() {
    pki_openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "$@"
}

pki_up() {
    mkdir -p "$PKI"
    pki_request -days 30 -subj '/CN=postseal live world CA' \
        -keyout "$PKI/ca.key" -out "$PKI/ca.crt"
    cat "$PKI/ca.crt" >>/etc/ssl/certs/ca-certificates.crt
    cp "$PKI/ca.crt" /etc/ssl/certs/postseal-world.pem
    ln -s postseal-world.pem \
        "/etc/ssl/certs/$(openssl x509 -noout -hash -in "$PKI/ca.crt").0"
    local host kind name
    while read -r host kind name; do
        case $kind in
        plain) ;;
        self) pki_self "$host" "$host" 30 ;;
        badcert) pki_expired "$host" ;;
        *) pki_issue "$host" "$name" ;;
        esac
    done < <(table "$LIVE/receivers.conf")
    pki_snakeoil
}

# pki_self HOST NAME DAYS: signed with its own key.
pki_self() {
    pki_request -days "$3" -subj "/CN=$2" -addext "subjectAltName=DNS:$2" \
        -keyout "$PKI/$1.key" -out "$PKI/$1.crt"
    cat "$PKI/$1.key" "$PKI/$1.crt" >"$PKI/$1.pem"
}

# pki_issue HOST [NAME]: signed by the world's CA, which comes along in the chain:
# TLSA with usage 2 needs to see it there.
pki_issue() {
    local name=${2:-$1}
    pki_request -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -days 30 \
        -subj "/CN=$name" -addext "subjectAltName=DNS:$name" \
        -addext 'basicConstraints=critical,CA:FALSE' \
        -keyout "$PKI/$1.key" -out "$PKI/$1.crt"
    cat "$PKI/$1.key" "$PKI/$1.crt" "$PKI/ca.crt" >"$PKI/$1.pem"
}

# Wrong in every way a certificate can be and still be sent: expired, for
# another name, signed by nobody. openssl-ca(1) is the one command of all releases
# that takes dates of the past.
pki_expired() {
    local ca=$PKI/$1.ca
    mkdir -p "$ca"
    : >"$ca/index"
    printf '%s\n' '[ca]' 'default_ca = old' '[old]' "database = $ca/index" \
        "new_certs_dir = $ca" 'rand_serial = yes' 'default_md = sha256' 'policy = any' \
        '[any]' 'commonName = supplied' >"$ca/conf"
    pki_openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj '/CN=somebody.else.invalid' -keyout "$PKI/$1.key" -out "$ca/csr"
    pki_openssl ca -batch -notext -selfsign -config "$ca/conf" -keyfile "$PKI/$1.key" \
        -startdate 20200101000000Z -enddate 20200201000000Z -in "$ca/csr" -out "$PKI/$1.crt"
    cat "$PKI/$1.key" "$PKI/$1.crt" >"$PKI/$1.pem"
}

# What Debian's ssl-cert package leaves behind, and Postfix's stock main.cf uses.
pki_snakeoil() {
    pki_self snakeoil "$ME" 3650
    install -m 644 "$PKI/snakeoil.crt" /etc/ssl/certs/ssl-cert-snakeoil.pem
    install -m 600 "$PKI/snakeoil.key" /etc/ssl/private/ssl-cert-snakeoil.key
}

# pki_spki HOST: the SHA-256 of its public key, as in a "3 1 1" TLSA record.
pki_spki() {
    openssl pkey -in "$PKI/$1.key" -pubout -outform DER |
        sha256sum | cut -d' ' -f1
}

# The SHA-256 of the CA's whole certificate, as in a "2 0 1" TLSA record.
pki_ca_digest() {
    openssl x509 -in "$PKI/ca.crt" -outform DER | sha256sum | cut -d' ' -f1
}
