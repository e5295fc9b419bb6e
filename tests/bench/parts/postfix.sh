# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

part_postfix() {
    title "postfix: deliveries of a real smtp(8), with postseal's policy map and without it"
    if [[ $(id -u) != 0 ]] || ! command -v smtp-sink >/dev/null; then
        echo "skipped: that needs root (for namespaces) and Postfix"
        return
    fi
    show "tests/bench/postfix BUILD $((ROUNDS + 2)) (4 messages to 250 domains a turn)"
    "$HERE/postfix" "$BUILD" $((ROUNDS + 2))
    goal "0.99 of a Postfix without the map"
}
