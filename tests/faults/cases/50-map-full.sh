# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The ledger has no room for more: it is still read, and what does not fit is refused whole

full_size=$(($(stat -c %s "$SEAL/ledger/data.mdb") + 65536))
preloading smallmap "SMALLMAP=$full_size"
small() {
    env LD_PRELOAD="$BUILD/faults/smallmap.so" SMALLMAP="$full_size" \
        "$BUILD/postseal" -c "$SEAL_CONF" "$@"
}

mark
check 'it is filled, and says when it is full' write_until_refused map 'is full' small
for ((i = 0; i < 8; i++)); do
    glance "$(one_of tls self old dane).test"
done
check 'full: what is known is answered' all_answered
check 'full: all that was taken is there' none_missing map
check 'full: the prober says little' quiet prober 3
check 'full: the socketmap says little' quiet socketmap 2
preloading
check 'room again: all of it is there' none_missing map
