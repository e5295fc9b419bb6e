# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The misbehaving mail hosts of peers.conf (what they do is told in peer.c).
#
#   peer_start HOST MODE [UPSTREAM-HOST]     at HOST's address, which must be free
#   peer_stop HOST
#   peer_connects HOST                       how often somebody has connected

peers_up() {
    [[ -x $BUILD/tests/peer ]] ||
        die "$BUILD/tests/peer is missing: run make"
    local host mode upstream
    while read -r host mode upstream; do
        peer_start "$host" "$mode" "$upstream"
    done < <(table "$LIVE/peers.conf")
}

peer_start() {
    local host=$1 mode=$2 upstream=${3:-} args
    args=("$mode" "$(dns_addr "$host")" 25)
    [[ -z $upstream ]] || args+=("$(dns_addr "$upstream")")
    : >"/var/log/$host.log"
    job_start "$host" "$BUILD/tests/peer" -t "${POSTSEAL_PEER_SECONDS:-3600}" "${args[@]}"
    until_true grep -q READY "/var/log/$host.log" ||
        die "peer $host ($mode): $(tail -n 1 "/var/log/$host.log")"
}

peer_stop() {
    job_stop "$1" || true
}

peer_connects() {
    grep -c '^connect' "/var/log/$1.log" || true
}
