# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Slow, silent and hostile MX hosts by the hundred: each costs its own time-out

HOSTILE=(silent drip hangs endless manylines reset garbage busy refuse badhandshake closes inject)
HOSTS=300
for ((i = 0; i < HOSTS; i++)); do
    kind=${HOSTILE[i % ${#HOSTILE[@]}]}
    dns_set "hostile$i.test." MX "10 mx.hostile$i.test."
    dns_set "mx.hostile$i.test." A "$(dns_addr "mx.$kind.test")"
done
dns_reload

mark
asked=()
for ((i = 0; i < HOSTS; i++)); do
    ask policy "hostile$i.test" >"$SOAK/hostile-$i" &
    asked+=($!)
done
check 'while they hang: the law holds' law_holds
check 'while they hang: what is known is answered' all_answered
check 'while they hang: somebody sound is looked at, too' until_true answers sound.test encrypt
wait "${asked[@]}"
none_is_held() {
    refute grep -lE '^(encrypt|dane|secure)' "$SOAK"/hostile-*
}
check 'none of them gets a floor' none_is_held
check 'one line about each at most' quiet prober $((2 * HOSTS))
check 'the socketmap says little' quiet socketmap 4
memory_is_bounded() {
    local kb
    kb=$(awk '$1 == "Anonymous:" {print $2}' "/proc/${JOB[postseal-prober]}/smaps_rollup")
    ((kb < 65536)) || because "$kb KB"
}
check 'the prober holds little memory' memory_is_bounded
