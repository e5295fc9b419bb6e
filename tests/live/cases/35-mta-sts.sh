# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# MTA-STS: held to the policy as published, and to the last one while it cannot be had

SECURE='secure match=mx.sts.test servername=hostname'

# A new id announces what is published now; the prober looks at once.
announce() {
    dns_set _mta-sts.sts.test. TXT "\"v=STSv1; id=$1;\""
    dns_reload
    postseal probe sts.test >/dev/null
}

https_policy sts.test 'mode: enforce' 'mx: mx.sts.test' 'max_age: 86400'
https_start sts.test
check 'enforce: held to the names' answers sts.test "$SECURE"
check 'enforce: rule 11' matches "$(postseal explain sts.test)" 'rule 11 \(mta-sts\)'
mail_send alice@sender.test x@sts.test
check 'enforce: sent' sent "$QID" x@sts.test
check 'enforce: verified' over "$QID" x@sts.test 'Verified TLS'
check 'enforce: for a secure alias, too' \
    equals "$(postmap -q sts.test socketmap:inet:127.0.0.1:7672:policy-authenticated)" "$SECURE"

https_policy sts.test 'mode: enforce' 'mx: other.example.net' 'max_age: 86400'
announce 2
# An smtp process remembers an answer as long as it lives; this one is to ask anew.
sender_restart
mail_send alice@sender.test x@sts.test
check 'a host that the policy does not name: the mail waits' \
    deferred "$QID" x@sts.test 'Server certificate not verified'

# "hostname" is Postfix's word for any server that has a certificate for itself.
https_policy sts.test 'mode: enforce' 'mx: other.example.net' 'mx: hostname' 'max_age: 86400'
announce 2b
check 'a word of Postfix among the names: it is only a name' answers sts.test \
    'secure match=other.example.net:hostname. servername=hostname'
sender_restart
mail_retry "$QID"
check 'a word of Postfix among the names: the mail waits' \
    deferred "$QID" x@sts.test 'Server certificate not verified'

https_policy sts.test 'mode: testing' 'mx: other.example.net' 'max_age: 86400'
announce 3
check 'testing: not held to it' answers sts.test encrypt
sender_restart
mail_retry "$QID"
check 'testing: the mail that waited is sent' sent "$QID" x@sts.test

https_policy sts.test 'mode: none' 'max_age: 86400'
announce 4
check 'none: not held to it' answers sts.test encrypt

https_policy sts.test 'mode: enforce' 'mx: *.sts.test' 'max_age: 86400'
announce 5
SECURE='secure match=.sts.test servername=hostname'
check 'a wildcard' answers sts.test "$SECURE"

# From here on each of them announces a new policy that cannot be had.
kept() {
    check "$1: the policy stays" answers sts.test "$SECURE"
    check "$1: explain says why" matches "$(postseal explain sts.test | tr -s ' \n' ' ')" "$2"
}

https_answer sts.test '302 Found' 'Location: https://mta-sts.sts-dane.test/' </dev/null
announce 6
kept 'a redirect' '302'

printf 'version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n' |
    https_answer sts.test '200 OK' 'Content-Type: text/html'
announce 7
kept 'not plain text' 'text/html|text/plain'

{
    printf 'version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n'
    head -c 70000 /dev/zero | tr '\0' 'x'
} | https_answer sts.test '200 OK' 'Content-Type: text/plain'
announce 8
kept 'an oversized policy' 'larger|too large|bytes|65536|64'

https_policy sts.test 'mode: none' 'max_age: 86400'
https_stop sts.test
https_start sts.test mx.tls.test
announce 9
kept 'a certificate for another name' 'certificate|SSL|match'

https_stop sts.test
announce 10
kept 'nobody serves it' 'connect|refused'

dns_set _mta-sts.sts.test. TXT
dns_reload
postseal probe sts.test >/dev/null
kept 'no TXT record any more' 'TXT'

https_start sts.test
announce 11
check 'it can be had again: taken back by its owner' answers sts.test encrypt
https_stop sts.test

check 'announced and never served: the floor decides' answers sts-nowhere.test encrypt
check 'announced and never served: what demands proof waits for a time' \
    equals "$(answer policy-authenticated sts-nowhere.test)" TEMP

https_policy sts-dane.test 'mode: enforce' 'mx: mx.dane.test' 'max_age: 86400'
https_start sts-dane.test
check 'DANE is never overridden' answers sts-dane.test dane-only
https_stop sts-dane.test
