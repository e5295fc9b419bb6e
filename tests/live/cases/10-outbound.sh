# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Mail out: each kind of provider gets what it deserves, at the first mail

mail_send alice@sender.test x@dane.test
check 'DANE: sent' sent "$QID" x@dane.test
check 'DANE: over a verified connection' over "$QID" x@dane.test \
    '^.*Verified TLS connection established to mx\.dane\.test\['
check 'DANE: it arrived over TLS' arrived "$MSGID" x@dane.test \
    '\(using TLSv1\.3 .* by mx\.dane\.test '

for domain in dane-ta dane-roll dane-cname dane-tlsacname nomx-dane; do
    mail_send alice@sender.test "x@$domain.test"
    check "$domain: sent" sent "$QID" "x@$domain.test"
    check "$domain: verified" over "$QID" "x@$domain.test" 'Verified TLS'
done

mail_send alice@sender.test x@dane-wrong.test
check 'wrong TLSA: the mail waits' \
    deferred "$QID" x@dane-wrong.test 'Server certificate not verified'
check 'wrong TLSA: nothing arrived' not_arrived "$MSGID" x@dane-wrong.test

# Who names the host is not proven, so its TLSA records hold no floor; TLS does.
mail_send alice@sender.test x@rule7.insecure.test
check 'unsigned MX of a DANE host: sent' sent "$QID" x@rule7.insecure.test
check 'unsigned MX of a DANE host: over TLS' \
    over "$QID" x@rule7.insecure.test 'Untrusted TLS .* to mx\.dane\.test\['

mail_send alice@sender.test x@hostinsecure.test
check 'TLSA in an unsigned zone: not believed' sent "$QID" x@hostinsecure.test
check 'TLSA in an unsigned zone: over TLS' over "$QID" x@hostinsecure.test 'Trusted TLS'

mail_send alice@sender.test x@unusable.test
check 'unusable TLSA: sent' sent "$QID" x@unusable.test
check 'unusable TLSA: over TLS' over "$QID" x@unusable.test 'Trusted TLS'

mail_send alice@sender.test x@tls.test
check 'TLS without DANE: sent' sent "$QID" x@tls.test
check 'TLS without DANE: over TLS the first time' over "$QID" x@tls.test \
    'Trusted TLS connection established to mx\.tls\.test\['
check 'TLS without DANE: encrypt from then on' answers tls.test encrypt

mail_send alice@sender.test x@self.test
check 'self-signed: sent' sent "$QID" x@self.test
check 'self-signed: encrypted all the same' over "$QID" x@self.test 'Untrusted TLS'
check 'self-signed: encrypt from then on' answers self.test encrypt

mail_send alice@sender.test x@badcert.test
check 'expired certificate of another name: sent' sent "$QID" x@badcert.test
check 'expired certificate of another name: encrypted' \
    over "$QID" x@badcert.test 'Untrusted TLS'

mail_send alice@sender.test x@old.test
check 'TLS 1.2: sent' sent "$QID" x@old.test
check 'TLS 1.2: over TLS 1.2' over "$QID" x@old.test 'TLSv1\.2 with cipher'

mail_send alice@sender.test x@nomx.test
check 'no MX: sent to the domain itself' sent "$QID" x@nomx.test
check 'no MX: over TLS' over "$QID" x@nomx.test 'to nomx\.test\['

mail_send alice@sender.test x@plain.test
check 'never had TLS: sent' sent "$QID" x@plain.test
check 'never had TLS: in the clear' in_clear "$QID" x@plain.test
check 'never had TLS: it did arrive in the clear' arrived "$MSGID" x@plain.test \
    ' by mx\.plain\.test .* with E?SMTP '

mail_send alice@sender.test x@bogus.test
check 'DNSSEC bogus: the mail waits' deferred "$QID" x@bogus.test

mail_send alice@sender.test x@nullmx.test
check 'null MX: bounced' bounced "$QID" x@nullmx.test 'does not accept mail'

mail_send alice@sender.test x@nosuch.test
check 'no such domain: bounced' bounced "$QID" x@nosuch.test 'not found'

# One sick host does not spoil the others.
for domain in onegone bogushost aaaafail halfdead; do
    mail_send alice@sender.test "x@$domain.test"
    check "$domain: sent" sent "$QID" "x@$domain.test"
    check "$domain: over TLS" over "$QID" "x@$domain.test" 'Trusted TLS'
done
