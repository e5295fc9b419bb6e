# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The ledger has no room for more: it is still read, and what does not fit is refused whole

full_size=$(($(stat -c %s "$SEAL/ledger/data.mdb") + 65536))
preloading smallmap "SMALLMAP=$full_size"
small() {
    env LD_PRELOAD="$BUILD/faults/smallmap.so" SMALLMAP="$full_size" \
        "$BUILD/postseal" -c "$SEAL_CONF" "$@"
}

fill_map() {
    local n
    for ((n = 0; n < 4000; n++)); do
        small alias enable "fill$n@secure.sender.test" --for alice@sender.test \
            >/dev/null 2>"$SOAK/full" || break
        echo "fill$n@secure.sender.test" >>"$SOAK/filled"
    done
    matches "$(cat "$SOAK/full")" 'is full'
}

none_is_missing() {
    local lines
    lines=$(comm -23 <(sort "$SOAK/filled") <(postseal alias list | awk '{print $1}' | sort))
    [[ -z $lines ]] || because "lost: $lines"
}

mark
check 'it is filled, and says when it is full' fill_map
for ((i = 0; i < 8; i++)); do
    glance "$(one_of tls self old dane).test"
done
check 'full: what is known is answered' all_answered
check 'full: all that was taken is there' none_is_missing
check 'full: the prober says little' quiet prober 3
check 'full: the socketmap says little' quiet socketmap 2
preloading
check 'room again: all of it is there' none_is_missing
