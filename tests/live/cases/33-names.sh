# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Certificates that depend on a name: the server name (SNI), and names under DANE-TA

levels_up

tried() {
    mail_send "$1@secure.sender.test" "x@$2"
    becomes "$1 to $2" "x@$2" "$3"
}

# --- pins of a host whose certificate depends on the server name --------------------

# Postfix sends it at dane-only by itself, and with keys on file as the answer says.
check 'its key is put on file as the prober saw it' \
    postseal pin add sni-dane.test --from-probe --yes
check 'that is the key which the server shows to who sends its name' \
    equals "$(postseal pin list sni-dane.test)" "sni-dane.test $(pki_spki mx.sni-dane.test)"
check 'the answer sends the name' matches "$(answer policy-verify sni-dane.test)" \
    '^fingerprint match=.* servername=hostname$'
check 'the level can be met' matches "$(answer deliverable-verify sni-dane.test)" '^yes'
reload
tried verify sni-dane.test Verified
tried dane-only sni-dane.test Verified
postseal pin remove sni-dane.test >/dev/null

# Without TLSA records neither sends it, and both are shown the other certificate.
dns_set _25._tcp.mx.sni-dane.test. TLSA
dns_reload
postseal probe sni-dane.test >/dev/null
check 'without TLSA: its key is put on file' postseal pin add sni-dane.test --from-probe --yes
check 'without TLSA: it is the other one' \
    equals "$(postseal pin list sni-dane.test)" "sni-dane.test $(pki_spki snakeoil)"
check 'without TLSA: no name is sent' refute matches \
    "$(answer policy-verify sni-dane.test)" servername
reload
tried verify sni-dane.test Verified
postseal pin remove sni-dane.test >/dev/null
dns_set _25._tcp.mx.sni-dane.test. TLSA "3 1 1 $(pki_spki mx.sni-dane.test)"
dns_reload
postseal probe sni-dane.test >/dev/null

# --- a certificate under DANE-TA that bears the domain's name alone -------------------

# Both share the host, whose record the later probe writes.
verified() {
    postseal explain --json "$1" | jq -r '[.. | objects | select(has("verified"))][0].verified'
}
postseal probe ta-other.test >/dev/null
check 'another name: not verified' equals "$(verified ta-other.test)" chain
check 'another name: the level may not be met' \
    matches "$(answer deliverable-dane-only ta-other.test)" '^unknown'
postseal probe ta-named.test >/dev/null
check 'its own name: verified for it alone' equals "$(verified ta-named.test)" next-hop
check 'its own name: the level can be met' \
    matches "$(answer deliverable-dane-only ta-named.test)" '^yes'
check 'another name: still may not' \
    matches "$(answer deliverable-dane-only ta-other.test)" '^unknown'
reload
tried dane-only ta-named.test Verified
tried dane-only ta-other.test other-key

levels_down
