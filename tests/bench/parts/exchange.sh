# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

# The most that it held at a time, in KB, of a command that cpu_of runs.
with_peak() { # COMMAND...
    python3 -c '
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)' "$WORK/peak" "$@"
}

exchange_row() { # WHAT DOMAINS CPU
    printf '%-8s %10s %10.1f %10.1f %14.0f %12s\n' "$1" "$2" "$3" "$(<"$WORK/passed")" \
        "$(quotient "$2" "$3")" "$(<"$WORK/peak")"
}

part_exchange() {
    local cpu
    title "export and import of $DOMAINS domains"
    show 'postseal export >all.json; postseal import all.json'
    echo "KB: the most that was resident, with the pages of the ledger that were touched"
    printf '%-8s %10s %10s %10s %14s %12s\n' "" domains cpu-s clock-s domains/cpu-s KB
    need_ledger "$DOMAINS"
    settings "$LEDGER"
    cpu=$(cpu_of with_peak "$BUILD/postseal" -c "$WORK/postseal.conf" export)
    mv "$WORK/said" "$WORK/all.json"
    exchange_row export "$DOMAINS" "$cpu"
    "$BUILD/bench/fill" -k 1 "$WORK/imported" >/dev/null
    settings "$WORK/imported"
    cpu=$(cpu_of with_peak "$BUILD/postseal" -c "$WORK/postseal.conf" import "$WORK/all.json")
    exchange_row import "$DOMAINS" "$cpu"
    rm -r "$WORK/imported" "$WORK/all.json"
}
