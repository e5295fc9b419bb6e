# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Submission: what a secure alias cannot send as strictly as it must is refused at once

levels_up

CANNOT='mail from a secure address cannot go there'

# submitting LEVEL: alice begins a mail from her alias of that level.
submitting() {
    login alice && smtp_says '^250' "MAIL FROM:<$1@secure.sender.test>"
}

# refused NAME DOMAIN WHY
refused() {
    local reply='^550 5\.7\.10 .*'$2 why
    case $3 in
    no-tls) why='does not accept TLS' ;;
    no-dane) why='publishes no DANE .*' ;;
    no-proof) why='publishes neither .*' ;;
    unsigned) why='(names|publishes no MTA-STS policy, and names) its mail servers in unsigned DNS.*' ;;
    no-key) why='has no certificate on file .*' ;;
    no-match) why='shows a certificate other than those on file .*' ;;
    esac
    check "$1: refused" smtp_says "$reply $why; $CANNOT" "RCPT TO:<x@$2>"
}

# taken NAME DOMAIN WORD: and what becomes of it.
taken() {
    SENT_COUNT=$((SENT_COUNT + 1))
    check "$1: taken" smtp_says '^250' "RCPT TO:<x@$2>"
    smtp DATA
    smtp_message "$SENT_COUNT.$EPOCHREALTIME@live.test"
    check "$1: in the queue" smtp_queued
    becomes "$1" "x@$2" "$3"
}

# tried LEVEL DOMAIN WORD: by its owner, who logged in; 550-WHY is what she is told
# at once, and nothing then was taken.
tried() {
    local name="$1 to $2"
    check "$name: alice logs in" submitting "$1"
    case $3 in
    550-*) refused "$name" "$2" "${3#550-}" ;;
    *) taken "$name" "$2" "$3" ;;
    esac
    smtp_close
}

# As a mail program that writes to somebody a second time finds it; but "unknown".
for domain in dane.test dane-wrong.test rule7.insecure.test tls.test plain.test dead.test; do
    postseal probe "$domain" >/dev/null
done

#        kind         domain      encrypt          authenticated    verify      dane-only
each_row tried <<'END'
         DANE         dane.test           Verified    Verified      550-no-key  Verified
         wrong-TLSA   dane-wrong.test     other-key   other-key     550-no-key  other-key
         unsigned-MX  rule7.insecure.test Untrusted   550-unsigned  550-no-key  550-unsigned
         TLS          tls.test            Trusted     550-no-proof  550-no-key  550-no-dane
         no-TLS       plain.test          550-no-tls  550-no-tls    550-no-key  550-no-tls
         pinned       self.test           Untrusted   550-no-proof  Verified    550-no-dane
         pin-changed  self.test           Untrusted   550-no-proof  other-key   550-no-dane
         pin-differs  self.test           Untrusted   550-no-proof  550-no-match 550-no-dane
         unknown      dane.test           Verified    Verified      550-no-key  Verified
         unknown      tls.test            Trusted     550-no-proof  550-no-key  550-no-dane
         unknown      plain.test          550-no-tls  550-no-tls    550-no-key  550-no-tls
         dead         dead.test           waits:Connection_refused  550-no-proof  550-no-key  550-no-dane
         DNS-down     dane.test           waits:try_again,Verified  waits:try_again,Verified  550-no-key  waits:try_again,Verified
         DNS-down     tls.test            waits:try_again,Trusted   550-no-proof  550-no-key  550-no-dane
         DNS-down     plain.test          550-no-tls  550-no-tls    550-no-key  550-no-tls
         DNS-down     unheard-of.test     waits:try_again,no-such   waits:try_again,no-such  550-no-key  waits:try_again,no-such
END

# What is refused leaves the rest of the mail as it was.
submitting encrypt
refused 'one of several' plain.test no-tls
check 'one of this house: taken' smtp_says '^250' 'RCPT TO:<bob@sender.test>'
check 'a secure alias of this house: taken' smtp_says '^250' 'RCPT TO:<bob@secure.sender.test>'
smtp_close

check 'alice as herself' login alice
smtp 'MAIL FROM:<alice@sender.test>'
check 'alice as herself, to plain.test: taken' smtp_says '^250' 'RCPT TO:<x@plain.test>'
smtp_close

# --- what nobody knew yet -------------------------------------------------------

submitting encrypt
# It takes the prober longer to look than anybody waits; the transport will see to it.
check 'never heard of, and silent: taken' smtp_says '^250' 'RCPT TO:<x@silent.test>'
check 'never heard of, and no such domain: left to Postfix' \
    refute smtp_says "$CANNOT" 'RCPT TO:<x@no-such-domain.test>'
smtp_close

seal_kill prober
submitting encrypt
check 'prober down, not known: taken' smtp_says '^250' 'RCPT TO:<x@never-asked.test>'
refused 'prober down, known' plain.test no-tls
smtp_close
seal_start prober

seal_kill socketmap
login alice
# Whose the alias is cannot be told; and who logs in as the alias itself need not be asked.
check 'socketmap down: waits' smtp_says '^451 4\.' 'MAIL FROM:<encrypt@secure.sender.test>'
smtp_close
seal_start socketmap

# --- a provider that has changed its key ------------------------------------------

postseal pin add self.test "$(pki_spki mx.self.test)" >/dev/null
pki_self mx.self.test mx.self.test 30
receivers_reload
tick
check 'a changed key is put on file' postseal pin add self.test "$(pki_spki mx.self.test)"
submitting verify
taken 'a changed key, put on file' self.test Verified
smtp_close
postseal pin remove self.test >/dev/null

# --- relays, and transport_maps that have precedence ----------------------------

# routed NAME WHY [LEVEL]
routed() {
    submitting "${3:-encrypt}"
    check "$1: refused" smtp_says "^550 5\.7\.10 .*$2.*$CANNOT" 'RCPT TO:<x@tls.test>'
    smtp_close
}

postseal probe '[mx.plain.test]' >/dev/null
with relayhost '[mx.plain.test]' routed 'relayhost without TLS' \
    'Mail for tls\.test goes by a relay here: \[mx\.plain\.test\] does not accept TLS'
with transport_maps 'inline:{tls.test=:[mx.plain.test]}' routed 'next hop without TLS' \
    'does not accept TLS'
with transport_maps 'inline:{tls.test=smtp:[mx.plain.test]}' \
    routed 'transport_maps around the alias' 'does not accept TLS'
with transport_maps 'inline:{tls.test=postseal-encrypt:}' \
    routed 'transport_maps, less strict than the alias' 'publishes no DANE' dane-only

levels_down
