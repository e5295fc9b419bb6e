# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The rules: asked as Postfix asks, each answers what DESIGN.md section 4 says

# rule NUMBER KEY: `postseal explain` names it as the one that decided.
decided_by() {
    matches "$(postseal explain "$2")" "rule $1([^0-9]|$)"
}

# rule NUMBER KEY ANSWER
rule() {
    check "rule $1: $2: $3" answers "$2" "$3"
    check "rule $1: $2: explain names it" decided_by "$1" "$2"
}

rule 2 nullmx.test NOTFOUND
rule 2 nosuch.test NOTFOUND
rule 4 bogus.test TEMP
rule 5 dane.test dane-only
rule 5 dane-wrong.test dane-only
rule 5 dane-ta.test dane-only
rule 5 dane-roll.test dane-only
rule 5 dane-cname.test dane-only
rule 5 dane-tlsacname.test dane-only
rule 5 nomx-dane.test dane-only
rule 6 mixed.test dane-only
rule 6 backup.test dane-only
rule 7 rule7.insecure.test encrypt
rule 7 rule7-nofloor.insecure.test dane
rule 8 rule8.insecure.test encrypt
rule 8 rule8-nofloor.insecure.test dane
rule 9 unusable.test encrypt
rule 10 tlsafail.test TEMP
rule 12 tls.test encrypt
rule 12 shared.test encrypt
rule 12 nomx.test encrypt
rule 12 insecure.test encrypt
rule 12 hostinsecure.test encrypt
rule 12 onegone.test encrypt
rule 12 bogushost.test encrypt
rule 12 aaaafail.test encrypt
rule 12 halfdead.test encrypt
rule 13 plain.test NOTFOUND
rule 13 dead.test NOTFOUND

# Every form of a next hop (DESIGN.md section 3).
check 'upper case' answers TLS.Test encrypt
check 'trailing dot' answers tls.test. encrypt
check 'a host in brackets' answers '[mx.dane.test]' dane-only
check 'a host in brackets, with its port' answers '[mx.dane.test]:25' dane-only
check 'a domain with a port' answers tls.test:25 encrypt
check 'a domain with a service' answers tls.test:smtp encrypt
check 'an address' answers '[127.0.1.20]' encrypt
check 'a parent domain' answers .test NOTFOUND
check 'no next hop at all' answers 'not a domain' NOTFOUND

# Rule 3: what is known survives the DNS.
answer policy dane-fades.test >/dev/null
check 'before: DANE' answers dane-fades.test dane-only
dns_down
rule_3() {
    # The stored facts are fresh for minutes; only a new look finds the DNS gone.
    postseal probe "$1" >/dev/null
    answers "$1" "$2" && decided_by 3 "$1"
}
check 'rule 3: DNS fails, DANE stays' rule_3 dane-fades.test dane-only
check 'rule 3: DNS fails, encrypt stays' rule_3 tls.test encrypt
check 'rule 4: DNS fails, nothing known' answers never-asked.test TEMP
dns_back
check 'DNS back: rule 5 again' answers dane-fades.test dane-only
