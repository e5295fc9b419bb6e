# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The ledger's disk is full, once and again: what is known is answered, nothing is lost

SMALL=$SEAL/small
mkdir -p "$SMALL"
mount -t tmpfs -o size=2m postseal-small "$SMALL"
seal_down
cp -a "$SEAL/ledger" "$SMALL/ledger"
seal_setting ledger "\"$SMALL/ledger\""
for name in "${SEAL_DAEMONS[@]}"; do
    seal_start "$name"
done

fill_disk() {
    head -c 16M /dev/zero >"$SMALL/filler" 2>/dev/null
    (($(stat -f -c %f "$SMALL") == 0)) || because 'there is still room'
}

# As many as there may be slots; a page of lock.mdb that has none behind it is fatal.
many_readers() {
    local i pids=()
    for ((i = 0; i < 120; i++)); do
        "$BUILD/postseal" -c "$SEAL_CONF" export >/dev/null 2>>"$SOAK/many" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i" || because "exit status $?: $(tail -n 1 "$SOAK/many")" || return
    done
}

for round in 1 2 3; do
    mark
    check "$round: the disk is full" fill_disk
    # LMDB writes on until there is no free page in the file either.
    check "$round: an admin's word is refused, and he is told" \
        write_until_refused "disk$round" 'disk is full' postseal
    for ((i = 0; i < 8; i++)); do
        glance "$(one_of tls self old dane).test"
    done
    check "$round: what is known is answered" all_answered
    check "$round: many may read" many_readers
    # What is known can often be written anew in the pages that it frees; names that
    # nobody has heard of cannot.
    timeout 60 "$BUILD/bench/load" -c 20 -k 1000000 -n 400 -s "$round" inet:127.0.0.1:7672 >/dev/null 2>&1
    # The same trouble is told again after ten minutes only.
    ((round > 1)) || check "$round: it is said" says prober 'disk is full'
    check "$round: and not at each of hundreds of looks" quiet prober 1
    check "$round: others have nothing to say" quiet socketmap 2
    rm "$SMALL/filler"
    check "$round: room again: resumes" resumes
    check "$round: what was refused is not there" refute postseal alias show "$REFUSED"
    check "$round: what was taken is" none_missing "disk$round"
done

seal_down
cp -a "$SMALL/ledger/." "$SEAL/ledger/"
seal_setting ledger "\"$SEAL/ledger\""
for name in "${SEAL_DAEMONS[@]}"; do
    seal_start "$name"
done
umount "$SMALL"
