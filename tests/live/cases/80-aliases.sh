# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Mail from a secure alias: as strictly as its level says, or back at once

levels_up

# tried LEVEL DOMAIN WORD: from this machine, where all is taken that is sent.
tried() {
    mail_send "$1@secure.sender.test" "x@$2"
    becomes "$1 to $2" "x@$2" "$3"
}

https_policy sts.test 'mode: enforce' 'mx: mx.sts.test' 'max_age: 86400'
https_start sts.test
postseal probe sts.test >/dev/null

# Nobody's key is on file but where it says so. A host that does not answer can't be
# one without STARTTLS for certain, but without TLSA records it is.
#        kind         domain       encrypt       authenticated verify      dane-only
each_row tried <<'END'
         DANE         dane.test            Verified   Verified   other-key  Verified
         wrong-TLSA   dane-wrong.test      other-key  other-key  other-key  other-key
         mixed-MX     mixed.test           Verified   Verified   other-key  Verified
         unsigned-MX  rule7.insecure.test  Untrusted  no-dane    other-key  no-dane
         unusable     unusable.test        Trusted    no-dane    other-key  no-dane
         MTA-STS      sts.test             Verified   Verified   other-key  no-dane
         TLS          tls.test             Trusted    no-dane    other-key  no-dane
         no-TLS       plain.test           no-tls     no-dane    no-tls     no-dane
         pinned       self.test            Untrusted  no-dane    Verified   no-dane
         pin-changed  self.test            Untrusted  no-dane    other-key  no-dane
         pin-differs  self.test            Untrusted  no-dane    other-key  no-dane
         unknown      dane.test            Verified   Verified   other-key  Verified
         unknown      tls.test             Trusted    no-dane    other-key  no-dane
         unknown      plain.test           no-tls     no-dane    no-tls     no-dane
END
# These have more to say than that they wait.
each_row tried <<'END'
         unknown      tlsafail.test     Trusted   waits:TLSA_lookup_error  other-key  waits:TLSA_lookup_error
         dead         dead.test         waits:Connection_refused     no-dane  waits:Connection_refused     no-dane
         handshake    badhandshake.test waits:handshake_failure      no-dane  waits:handshake_failure      no-dane
         refuses-TLS  refuse.test       waits:refused_to_start_TLS   no-dane  waits:refused_to_start_TLS   no-dane
         bogus        bogus.test        waits:try_again  waits:try_again  waits:try_again  waits:try_again
         DNS-down     dane.test         waits:try_again,Verified  waits:try_again,Verified  waits:try_again,other-key  waits:try_again,Verified
         DNS-down     tls.test          waits:try_again,Trusted   waits:try_again,no-dane   waits:try_again,other-key  waits:try_again,no-dane
         DNS-down     unheard-of.test   waits:try_again,no-such   waits:try_again,no-such   waits:try_again,no-such    waits:try_again,no-such
END
https_stop sts.test

# --- level verify: while the provider changes from one certificate to the other ----

key=$(pki_spki mx.self.test)
check 'two are put on file' postseal pin add self.test "$key"
check 'the other' postseal pin add self.test "$(pki_spki mx.tls.test)"
reload
tried verify self.test Verified

pki_self mx.self.test mx.self.test 30
receivers_reload
tick
check 'its new certificate is put on file' postseal pin add self.test "$(pki_spki mx.self.test)"
check 'and the old one taken off' postseal pin remove self.test "$key"
reload
tried verify self.test Verified

check 'none is left on file' postseal pin remove self.test
reload
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
reload
ids=()
for i in {1..12}; do
    mail_send encrypt@secure.sender.test "burst$i@plain.test"
    outcome "$QID" "burst$i@plain.test"
    ids+=("$QID")
done
postconf -X defer_transports
reload
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

levels_down
