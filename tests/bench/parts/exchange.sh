# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

# `growth` has the others.
EXCHANGED=200000

# Seconds of processor time of a command, in $WORK/passed those by the clock; in
# $WORK/peak the most of its own memory (RssAnon) and of all that was resident
# (with the pages of the ledger, which the kernel may take back), as was seen
# every 50 ms; what it says in $WORK/said.
with_peak() { # COMMAND...
    python3 -c '
import os, subprocess, sys, time
work = sys.argv[1]
begin, most = time.monotonic(), {"RssAnon:": 0, "VmRSS:": 0}
with open(work + "/said", "w") as said:
    child = subprocess.Popen(sys.argv[2:], stdout=said)
while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
    with open(f"/proc/{child.pid}/status") as status:
        for line in status:
            words = line.split()
            if words[0] in most:
                most[words[0]] = max(most[words[0]], int(words[1]))
    time.sleep(0.05)
_, status, used = os.wait4(child.pid, 0)
print(used.ru_utime + used.ru_stime)
open(work + "/passed", "w").write(str(time.monotonic() - begin))
open(work + "/peak", "w").write("%d %d" % tuple(most.values()))
sys.exit(status != 0)' "$WORK" "$@"
}

exchange_row() { # WHAT DOMAINS CPU
    local own all
    read -r own all <"$WORK/peak" || true
    printf '%-8s %10s %10.1f %10.1f %14.0f %10s %12s\n' "$1" "$2" "$3" "$(<"$WORK/passed")" \
        "$(quotient "$2" "$3")" "$own" "$all"
}

part_exchange() {
    local cpu size
    size=$((DOMAINS < EXCHANGED ? DOMAINS : EXCHANGED))
    title "export and import of $size domains"
    show 'postseal export >all.json; postseal import all.json'
    echo "KB: the most that was its own, and that was resident with the pages of the ledger"
    printf '%-8s %10s %10s %10s %14s %10s %12s\n' "" domains cpu-s clock-s domains/cpu-s own-KB resident-KB
    need_ledger "$size"
    settings "$LEDGER"
    cpu=$(with_peak "$BUILD/postseal" -c "$WORK/postseal.conf" export)
    mv "$WORK/said" "$WORK/all.json"
    exchange_row export "$size" "$cpu"
    "$BUILD/bench/fill" -k 1 "$WORK/imported" >/dev/null
    settings "$WORK/imported"
    cpu=$(with_peak "$BUILD/postseal" -c "$WORK/postseal.conf" import "$WORK/all.json")
    exchange_row import "$size" "$cpu"
    rm -r "$WORK/imported" "$WORK/all.json"
}
