# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

part_milter() {
    title "milter: messages through a real Postfix, with none, with one that does nothing, with postseal's"
    if [[ $(id -u) != 0 ]] || ! command -v smtp-source >/dev/null; then
        echo "skipped: that needs root (for namespaces) and Postfix"
        return
    fi
    show "tests/bench/milter BUILD $((ROUNDS + 2)) (smtp-source -s 10 -m 600 -l 4000)"
    "$HERE/milter" "$BUILD" $((ROUNDS + 2))
    goal "0.97 of the milter that does nothing"
}
