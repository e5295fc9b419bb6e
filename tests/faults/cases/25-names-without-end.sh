# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A thousand wildcard names are asked about once: a month later the ledger is rid of them

SKEW=$WORLD/skew
skewed() {
    printf '%+020d' "$1" 1<>"$SKEW"
}
skewed 0
preloading skew "SKEW_FILE=$SKEW"

# One is enough to be held to: it stays.
dns_set '*.wild.insecure.test.' MX '10 mx.plain.test.'
dns_set 'held.wild.insecure.test.' MX '10 mx.tls.test.'
dns_reload
names() {
    postseal list --json | grep -c '\.wild\.insecure\.test"' || true
}
check 'one of them has TLS' until_true answers held.wild.insecure.test encrypt
check 'a thousand others are asked about' \
    timeout "$((10 * PATIENCE))" "$LIVE/crowd" learn policy .wild.insecure.test 40 25
check 'and are known' equals "$(names)" 1001
skewed $((31 * 86400))
preloading skew "SKEW_FILE=$SKEW"
let_go() { equals "$(names)" 1; }
check 'a month later they are let go' until_true let_go
check 'told once' matches "$(news prober | grep -c 'nobody asked about')" '^[1-4]$'
check 'who is held to TLS is not' answers held.wild.insecure.test encrypt
skewed 0
preloading
dns_set '*.wild.insecure.test.' MX
dns_set 'held.wild.insecure.test.' MX
dns_reload
