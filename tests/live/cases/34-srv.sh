# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# use_srv_lookup: the prober looks where Postfix 3.8 and later sends

srv_up() {
    dns_set srv.test. MX '10 mx.plain.test.'
    dns_set _smtp._tcp.srv.test. SRV '0 0 25 mx.tls.test.'
    dns_set srv-plain.test. MX '10 mx.tls.test.'
    dns_set _smtp._tcp.srv-plain.test. SRV '0 0 25 mx.plain.test.'
    dns_set srv-port.test. MX '10 mx.tls.test.'
    dns_set _smtp._tcp.srv-port.test. SRV '0 0 2525 mx.tls.test.'
    dns_set srv-none.test. MX '10 mx.tls.test.'
    dns_reload
}

srv_down() {
    local name
    for name in srv srv-plain srv-port srv-none; do
        dns_set "$name.test." MX
        dns_set "_smtp._tcp.$name.test." SRV
        postseal forget "$name.test" --yes >/dev/null
    done
    dns_reload
}

srv_up
seal_setting use_srv_lookup '{"smtp"}'
seal_restart
check 'SRV to a host with TLS, MX to one without' answers srv.test encrypt
check 'SRV to a host without TLS, MX to one with' answers srv-plain.test NOTFOUND
check 'SRV to another port: mail waits' answers srv-port.test TEMP
check 'no SRV: by MX' answers srv-none.test encrypt

# What Postfix itself does with them, if it is new enough.
if [[ $(postconf -h use_srv_lookup 2>&1) != *'unknown parameter'* ]]; then
    postconf -e 'use_srv_lookup = smtp' 'allow_srv_lookup_fallback = yes'
    reload
    mail_send alice@sender.test x@srv.test
    check 'to a host with TLS: sent there' sent "$QID" x@srv.test
    check 'to a host with TLS: that is the one' matches "$RESULT" 'relay=mx\.tls\.test\['
    check 'to a host with TLS: over TLS' over "$QID" x@srv.test 'TLS connection'
    mail_send alice@sender.test x@srv-plain.test
    check 'to a host without TLS: sent there' sent "$QID" x@srv-plain.test
    check 'to a host without TLS: that is the one' matches "$RESULT" 'relay=mx\.plain\.test\['
    mail_send alice@sender.test x@srv-port.test
    check 'to another port: waits' deferred "$QID" x@srv-port.test
    postsuper -d "$QID" >/dev/null 2>&1
    mail_send alice@sender.test x@srv-none.test
    check 'no SRV: sent by MX' sent "$QID" x@srv-none.test
    check 'no SRV: over TLS' over "$QID" x@srv-none.test 'TLS connection'

    # What the prober must be told: as shipped it looks at MX, and a floor of theirs would bind
    # mail that goes elsewhere.
    seal_setting use_srv_lookup '{}'
    seal_restart
    check 'doctor sees that the prober was not told' matches \
        "$(postseal doctor 2>&1 | tr -s ' \n' ' ')" "use_srv_lookup = smtp, but the prober's setting differs"
    postconf -X use_srv_lookup allow_srv_lookup_fallback
    reload
fi
seal_setting use_srv_lookup '{}'
seal_restart
srv_down
