# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

part_mailbox() {
    title "mailbox: sealing beside a server that writes a mail and waits for the disk; the portal beside a bare evhttp"
    show "tests/bench/mailbox BUILD WORK/mailbox $((ROUNDS + 2))"
    mkdir "$WORK/mailbox"
    "$HERE/mailbox" "$BUILD" "$WORK/mailbox" $((ROUNDS + 2))
    goal "25 MB in 0.1 s (the prototype); memory at rest of one digit in MB"
}
