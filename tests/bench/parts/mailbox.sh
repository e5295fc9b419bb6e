# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

part_mailbox() {
    title "mailbox: sealing beside a server that writes a mail and waits for the disk; the portal beside a bare evhttp"
    show "tests/bench/mailbox BUILD WORK/mailbox $((ROUNDS + 2))"
    mkdir "$WORK/mailbox"
    "$HERE/mailbox" "$BUILD" "$WORK/mailbox" $((ROUNDS + 2))
    if [[ $(id -u) == 0 ]] && command -v smtp-sink >/dev/null; then
        show "tests/bench/mailbox-postfix BUILD WORK/mailbox-postfix $((ROUNDS + 2))"
        mkdir "$WORK/mailbox-postfix"
        "$HERE/mailbox-postfix" "$BUILD" "$WORK/mailbox-postfix" $((ROUNDS + 2))
    else
        echo "through Postfix: skipped, that needs root (for namespaces) and Postfix"
    fi
    goal "25 MB in 0.1 s (the prototype); memory at rest of one digit in MB"
}
