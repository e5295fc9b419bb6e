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

# What other cases see of a connection, whoever else delivers while it stands.
SENDER_LOG=$WORLD/a.log
cat >"$SENDER_LOG" <<'END'
postfix/smtp[7]: Trusted TLS connection established to mx.tls.test[127.0.1.2]:25: TLSv1.3
postfix/smtp[8]: Untrusted TLS connection established to mx.other.test[127.0.1.3]:25: TLSv1.2
postfix/local[9]: 1A: to=<bob@sender.test>, relay=local, status=sent (delivered to mailbox)
postfix/smtp[7]: 2B: to=<x@tls.test>, relay=mx.tls.test[127.0.1.2]:25, status=sent (250 ok)
postfix/smtp[8]: 3C: to=<x@other.test>, relay=mx.other.test[127.0.1.3]:25, status=sent (250 ok)
postfix/smtp[7]: 4D: to=<x@plain.test>, relay=mx.plain.test[127.0.1.4]:25, status=sent (250 ok)
postfix/smtp[8]: 5E: to=<x@other.test>, relay=mx.other.test[127.0.1.3]:25, status=sent (250 ok)
END
check 'a connection is its own process'"'"'s, though others deliver meanwhile' \
    over 2B x@tls.test 'Trusted TLS .* to mx\.tls\.test'
check 'and nobody else'"'"'s' over 3C x@other.test 'Untrusted TLS .* to mx\.other\.test'
check 'one without TLS is in the clear' in_clear 4D x@plain.test
check 'one of an earlier mail is not taken for it' in_clear 5E x@other.test
SENDER_LOG=$(postfix_log sender)
