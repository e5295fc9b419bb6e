# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# MTA-STS hosts (RFC 8461): a web server for each domain that has one, which is
# OpenSSL's, and serves one file as the whole of its answer.
#
#   https_policy DOMAIN LINE...      what is published; served from now on
#   https_answer DOMAIN STATUS [HEADER...]   the same, with standard input as body
#   https_start DOMAIN [CERTIFICATE-OF]      at mta-sts.DOMAIN's address
#   https_stop DOMAIN

HTTPS=$WORLD/https

https_file() {
    echo "$HTTPS/$1/.well-known/mta-sts.txt"
}

# Lines end as HTTP's do; the body as it comes.
https_answer() {
    local domain=$1 status=$2 file
    shift 2
    file=$(https_file "$domain")
    mkdir -p "${file%/*}"
    {
        printf '%s\r\n' "HTTP/1.1 $status" 'Connection: close' "$@" ''
        cat
    } >"$file.new"
    mv "$file.new" "$file"
}

https_policy() {
    local domain=$1
    shift
    printf '%s\r\n' "version: STSv1" "$@" |
        https_answer "$domain" '200 OK' 'Content-Type: text/plain'
}

https_start() {
    local host=mta-sts.$1 address cert=${2:-mta-sts.$1}
    address=$(dns_addr "$host")
    [[ -e $PKI/$cert.pem ]] || pki_issue "$cert"
    mkdir -p "$HTTPS/$1"
    job_start "$host" env -C "$HTTPS/$1" openssl s_server -HTTP -quiet \
        -accept "$address:443" -cert "$PKI/$cert.pem" -key "$PKI/$cert.pem" \
        -cert_chain "$PKI/ca.crt"
    until_true tcp_open "$address" 443 || die "$host does not start"
}

https_stop() {
    job_stop "mta-sts.$1" || true
}
