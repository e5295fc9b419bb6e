# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Out of threads: mail waits, and nobody dies of it

mark
for name in milter socketmap prober; do
    starve "$name" nproc
done
check 'the law holds' law_holds
check 'what is known is answered' all_answered
# Threads that are there already serve; a new one for a new client cannot be had.
open_many() {
    local i fds=() fd
    for ((i = 0; i < 12; i++)); do
        exec {fd}<>"/dev/tcp/$ME_ADDR/25" || break
        fds+=("$fd")
        printf 'EHLO client.elsewhere.test\r\nMAIL FROM:<x@elsewhere.test>\r\nRCPT TO:<alice@secure.sender.test>\r\n' >&"$fd"
    done
    sleep 2
    for fd in "${fds[@]}"; do
        timeout 1 cat <&"$fd" >>"$SOAK/many-clients"
        exec {fd}>&-
    done
    refute grep -qE '^250 2\.1\.5' "$SOAK/many-clients"
}
check 'many clients without TLS: none is let through' open_many
for name in milter socketmap prober; do
    check "$name lives" job_running "postseal-$name"
    check "$name says little" quiet "$name" 16
    feed "$name" nproc
done
check 'the milter serves' until_true serves
