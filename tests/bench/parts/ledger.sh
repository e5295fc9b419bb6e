# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

part_ledger() {
    local size
    title "ledger: records written per second, bytes on disk"
    for size in $(sizes); do
        show fill -k "$size" "$WORK/ledger-$size"
        need_ledger "$size"
        cat "$LEDGER.made"
    done
    fill "$WORK/young" -k 100000 -y 1
    fill "$WORK/own-hosts" -k 50000 -p 0
    fill "$WORK/single" -k 500 -b 1
    rm -r "$WORK/young" "$WORK/own-hosts" "$WORK/single"
}
