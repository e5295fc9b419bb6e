# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Submission: what a secure alias cannot send as strictly as it must is refused at once

for level in encrypt authenticated verify dane-only; do
    check "alias for $level" postseal alias enable "$level@secure.sender.test" \
        --for alice@sender.test --level "$level"
done

CANNOT='mail from a secure address cannot go there'

# submitting LEVEL: alice begins a mail from her alias of that level.
submitting() {
    login alice && smtp_says '^250' "MAIL FROM:<$1@secure.sender.test>"
}

# What is known is fresh enough to be told.
for domain in dane.test tls.test plain.test rule7.insecure.test dane-wrong.test dead.test; do
    postseal probe "$domain" >/dev/null
done

# judged LEVEL DOMAIN WORD: taken, or refused because of what WORD stands for.
judged() {
    local name="$1 to $2" refused='^550 5\.7\.10 .*'$2
    case $3 in
    taken) check "$name: taken" smtp_says '^250' "RCPT TO:<x@$2>" ;;
    no-tls) check "$name: refused" smtp_says "$refused does not accept TLS; $CANNOT" "RCPT TO:<x@$2>" ;;
    no-dane) check "$name: refused" smtp_says "$refused publishes no DANE .*; $CANNOT" "RCPT TO:<x@$2>" ;;
    no-proof) check "$name: refused" smtp_says "$refused publishes neither .*; $CANNOT" "RCPT TO:<x@$2>" ;;
    no-key) check "$name: refused" smtp_says "$refused has no certificate on file .*; $CANNOT" "RCPT TO:<x@$2>" ;;
    esac
}

# One session a level: what is refused leaves the rest of the mail as it was.
for column in 1 2 3 4; do
    levels=(encrypt authenticated verify dane-only)
    level=${levels[column - 1]}
    submitting "$level"
    while read -r domain words; do
        read -ra words <<<"$words"
        judged "$level" "$domain" "${words[column - 1]}"
    done <<'END'
dane.test            taken   taken     no-key  taken
dane-wrong.test      taken   taken     no-key  taken
rule7.insecure.test  taken   no-proof  no-key  no-dane
tls.test             taken   no-proof  no-key  no-dane
plain.test           no-tls  no-tls    no-key  no-tls
dead.test            taken   no-proof  no-key  no-dane
END
    check "$level, to one of this house: taken" smtp_says '^250' 'RCPT TO:<bob@sender.test>'
    check "$level, to a secure alias of this house: taken" \
        smtp_says '^250' 'RCPT TO:<bob@secure.sender.test>'
    smtp_close
done

check 'alice as herself' login alice
smtp 'MAIL FROM:<alice@sender.test>'
check 'alice as herself, to plain.test: taken' smtp_says '^250' 'RCPT TO:<x@plain.test>'
smtp_close

# --- what nobody knew yet -------------------------------------------------------

check 'never heard of, and without TLS' postseal forget plain.test --yes
submitting encrypt
judged encrypt plain.test no-tls
# It takes the prober longer to look than anybody waits; the transport will see to it.
check 'never heard of, and silent: taken' smtp_says '^250' 'RCPT TO:<x@silent.test>'
check 'never heard of, and no such domain: left to Postfix' \
    refute smtp_says "$CANNOT" 'RCPT TO:<x@no-such-domain.test>'
smtp_close

seal_kill prober
submitting encrypt
check 'prober down, not known: taken' smtp_says '^250' 'RCPT TO:<x@never-asked.test>'
judged encrypt plain.test no-tls
smtp_close
seal_start prober

seal_kill socketmap
login alice
# Whose the alias is cannot be told; and who logs in as the alias itself need not be asked.
check 'socketmap down: waits' smtp_says '^451 4\.' 'MAIL FROM:<encrypt@secure.sender.test>'
smtp_close
seal_start socketmap

# --- relays, and transport_maps that have precedence ----------------------------

routed() {
    submitting encrypt
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

for level in encrypt authenticated verify dane-only; do
    postseal alias disable "$level@secure.sender.test" >/dev/null 2>&1
done
