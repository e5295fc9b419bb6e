# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# MX records that name no host, and hosts that are somewhere else

# The first one does no TLS, and Postfix connects to it: never "every host has TLSA".
check 'an address beside DANE: TLS is required' answers address.insecure.test encrypt
mail_send alice@sender.test x@address.insecure.test
check 'an address beside DANE: not in clear' sent "$QID" x@address.insecure.test
check 'an address beside DANE: over TLS' over "$QID" x@address.insecure.test 'mx.dane.test'
check 'nothing but an address: TLS is required' answers address-only.insecure.test encrypt
mail_send alice@sender.test x@address-only.insecure.test
check 'nothing but an address: sent' sent "$QID" x@address-only.insecure.test
check 'a name that is none beside DANE: TLS is required' answers star.insecure.test encrypt

check 'a DNAME out of a signed zone: TLS is required' answers dname.test encrypt
mail_send alice@sender.test x@dname.test
check 'a DNAME out of a signed zone: sent' sent "$QID" x@dname.test
check 'a DNAME out of a signed zone: over TLS' over "$QID" x@dname.test 'TLS connection'
