# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Mail from a secure alias: as strictly as its level says, or back at once

for level in encrypt authenticated verify dane-only; do
    check "alias for $level" postseal alias enable "$level@secure.sender.test" \
        --for alice@sender.test --level "$level"
done

# What comes back, and in which words: code and text.
NO_TLS='5\.7\.4 .*encrypted connections only.* offers no encryption'
NO_DANE='5\.7\.5 .*publishes nothing .* prove it .*DANE'
OTHER_KEY='5\.7\.5 .*certificate .* is not the one expected'

# comes_back NAME TO REGEX: with the first attempt, which is within seconds; the
# notice reaches the owner's mailbox and tells him.
comes_back() {
    check "$1: comes back at once" bounced "$QID" "$2"
    check "$1: and says why" returned alice "$MSGID" "$3"
    check "$1: nothing arrived" not_arrived "$MSGID" "$2"
}

goes_over() {
    check "$1: sent" sent "$QID" "$2"
    check "$1: over $3 TLS" over "$QID" "$2" "$3 TLS connection established"
    check "$1: the receiver saw TLS" arrived "$MSGID" "$2" '\(using TLSv1'
}

waits() {
    check "$1: waits" deferred "$QID" "$2" "$3"
    check "$1: nothing arrived" not_arrived "$MSGID" "$2"
    postsuper -d "$QID" 2>/dev/null
}

# tried LEVEL DOMAIN WHAT: WHAT is the word of Postfix's log for the connection,
# what comes back, or "waits" with a part of the reason.
tried() {
    local name="$1 to $2" to="x@$2"
    mail_send "$1@secure.sender.test" "$to"
    case $3 in
    waits*) waits "$name" "$to" "${3#waits }" ;;
    no-tls) comes_back "$name" "$to" "$NO_TLS" ;;
    no-dane) comes_back "$name" "$to" "$NO_DANE" ;;
    other-key) comes_back "$name" "$to" "$OTHER_KEY" ;;
    *) goes_over "$name" "$to" "$3" ;;
    esac
}

https_policy sts.test 'mode: enforce' 'mx: mx.sts.test' 'max_age: 86400'
https_start sts.test
postseal probe sts.test >/dev/null

# Nobody's certificate is on file yet. A host that does not answer can't be one
# without STARTTLS for certain, but without TLSA records it is.
while read -r domain encrypt authenticated verify dane_only; do
    tried encrypt "$domain" "${encrypt//_/ }"
    tried authenticated "$domain" "${authenticated//_/ }"
    tried verify "$domain" "${verify//_/ }"
    tried dane-only "$domain" "${dane_only//_/ }"
done <<'END'
dane.test           Verified   Verified   other-key  Verified
dane-wrong.test     other-key  other-key  other-key  other-key
mixed.test          Verified   Verified   other-key  Verified
rule7.insecure.test Untrusted  no-dane    other-key  no-dane
unusable.test       Trusted    no-dane    other-key  no-dane
tlsafail.test       Trusted    waits_TLSA_lookup_error other-key waits_TLSA_lookup_error
sts.test            Verified   Verified   other-key  no-dane
tls.test            Trusted    no-dane    other-key  no-dane
plain.test          no-tls     no-dane    no-tls     no-dane
dead.test           waits_Connection_refused no-dane waits_Connection_refused no-dane
badhandshake.test   waits_handshake_failure  no-dane waits_handshake_failure  no-dane
refuse.test         waits_refused_to_start_TLS no-dane waits_refused_to_start_TLS no-dane
bogus.test          waits_try_again waits_try_again waits_try_again waits_try_again
END
https_stop sts.test

# One that never was asked about, while the DNS is down, and one that is known.
dns_down
for level in encrypt authenticated verify dane-only; do
    tried "$level" unheard-of.test 'waits try again'
    tried "$level" tls.test 'waits try again'
done
dns_back

# --- level verify: certificates on file -----------------------------------------

# The smtp(8) that just ran remembers the answer; see README.md of postfix-examples.
anew() {
    reload
}

key=$(pki_spki mx.self.test)
check 'a certificate is put on file' postseal pin add self.test "$key"
anew
tried verify self.test Verified
tried encrypt self.test Untrusted

# Two on file while the provider changes from one to the other.
check 'a second is put on file' postseal pin add self.test "$(pki_spki mx.tls.test)"
anew
tried verify self.test Verified

cp "$PKI/mx.self.test.pem" "$PKI/before.pem"
pki_self mx.self.test mx.self.test 30
receivers_reload
anew
tick
tried verify self.test other-key
tried encrypt self.test Untrusted
check 'its new certificate is put on file' postseal pin add self.test "$(pki_spki mx.self.test)"
check 'and the old one taken off' postseal pin remove self.test "$key"
anew
tried verify self.test Verified

check 'none is left on file' postseal pin remove self.test
anew
tried verify self.test other-key

# --- whatever can still pass, and what cannot -------------------------------------

# Postfix goes by the last host it tried: a backup that does not meet the level
# decides while the first is down (README.md of postfix-examples).
receiver_down mx1.backup.test
tried encrypt backup.test no-dane
tried dane-only backup.test no-dane
receiver_up mx1.backup.test
tried encrypt backup.test Verified

# Many at once: one does not make Postfix put off the others.
postconf -e 'defer_transports = postseal-encrypt'
anew
ids=()
for i in {1..12}; do
    mail_send encrypt@secure.sender.test "burst$i@plain.test"
    outcome "$QID" "burst$i@plain.test"
    ids+=("$QID")
done
postconf -X defer_transports
anew
postqueue -f
all_back() {
    local i
    for i in {1..12}; do
        bounced "${ids[i - 1]}" "burst$i@plain.test" || return
    done
}
check 'many at once: all come back' all_back

check 'the level is changed' \
    postseal alias enable encrypt@secure.sender.test --level dane-only
tried encrypt tls.test no-dane
check 'and back' postseal alias enable encrypt@secure.sender.test --level encrypt

# An address of the secure domain that is not on file is sealed all the same.
mail_send nobody-special@secure.sender.test x@plain.test
check 'not on file: comes back' bounced "$QID" x@plain.test 'encrypted connections only'
mail_send alice@sender.test x@plain.test
check 'the same from an ordinary address: sent' sent "$QID" x@plain.test
