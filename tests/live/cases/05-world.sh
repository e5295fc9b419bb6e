# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The world itself is what the other cases take it for

rcode() {
    equals "$(dns_rcode "$1" "$2")" "$3"
}

check 'signed zone is proven' dns_ad MX dane.test
check 'TLSA record is proven' dns_ad TLSA _25._tcp.mx.dane.test
check 'null MX is there' dns_ad MX nullmx.test
check 'absence is proven' dns_ad TLSA _25._tcp.mx.tls.test
check 'unsigned zone answers' rcode MX insecure.test NOERROR
check 'unsigned zone is not proven' refute dns_ad MX insecure.test
check 'expired signatures are refused' rcode MX bogus.test SERVFAIL
check 'spoilt AAAA is refused' rcode AAAA mx.aaaafail.test SERVFAIL
check 'its A is not' dns_ad A mx.aaaafail.test
check 'spoilt TLSA is refused' rcode TLSA _25._tcp.mx.tlsafail.test SERVFAIL
check 'nothing but this world exists' rcode A www.example.com NXDOMAIN

while read -r host kind; do
    if [[ $kind == plain ]]; then
        check "$host has no STARTTLS" lacks_starttls "$host"
    else
        check "$host has STARTTLS" offers_starttls "$host"
    fi
done < <(table "$LIVE/receivers.conf")

# The wiring of the sender is postfix-examples, all of it and nothing more.
wired() {
    equals "$(postconf -h "$1")" "$2"
}
while IFS='=' read -r name value; do
    check "main.cf has ${name% }" wired "${name% }" "${value# }"
done < <(fragment main.cf.outbound && fragment main.cf.inbound)
virtual_alias_maps() {
    matches "$(postconf -h virtual_alias_maps)" ' socketmap:inet:127\.0\.0\.1:7672:alias$'
}
check 'main.cf has the map of aliases after its own' virtual_alias_maps
check 'and the same virtual domains as before' equals "$(postconf -hx virtual_alias_domains)" ''
check 'Postfix finds no fault with its settings' equals "$(postconf 2>&1 >/dev/null)" ''

check 'and its smtpd can use them' smtp_open plain
check 'and greets' matches "$REPLY_TEXT" '^220 '
smtp_close
