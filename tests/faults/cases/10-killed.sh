# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Killed at any moment, over and over, under load: nothing committed is lost, nothing half-written read

# took COMMAND...: runs it; MS is how many milliseconds that took here and now, so that
# kills fall into all of its life on a fast machine and on a busy one.
took() {
    local begin=${EPOCHREALTIME/[.,]/} status=0
    "$@" || status=$?
    MS=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000 + 1))
    return "$status"
}

# storm NAME MILLISECONDS COMMAND...: one of six shares of KILLS, in the background;
# what killer says is in $SOAK/storm-NAME. Half of the commands that end by themselves
# have done so when they are to be killed.
STORMS=()
storm() {
    local name=$1 ms=$2
    shift 2
    "$BUILD/faults/killer" -m "$ms" -n $((KILLS / 6 + 1)) -s $RANDOM "$@" </dev/null \
        >"$SOAK/storm-$name" 2>>"/var/log/killed-$name.log" &
    STORMS+=($!)
}

storms_end() {
    local pid status=0
    for pid in "${STORMS[@]}"; do
        wait "$pid" || status=$?
    done
    STORMS=()
    ((status == 0)) || because "$(cat "$SOAK"/storm-*)"
}

killed() {
    sed -E 's/killed=([0-9]+).*/\1/' "$SOAK"/storm-* | awk '{n += $1} END {print n + 0}'
}

all_were_killed() {
    (($(killed) >= KILLS)) || because "only $(killed) were: $(cat "$SOAK"/storm-*)"
}

# Kills came late enough: some found a command that had just ended.
reached_the_end() {
    refute grep -q 'ended=0' "$SOAK/storm-$1"
}

# --- daemons, with an admin who writes down what he was told is done ---------------

ACKED=$SOAK/acked
: >"$ACKED"
storming() {
    [[ -e $SOAK/storming ]]
}

write_aliases() {
    local n=0
    while storming; do
        n=$((n + 1))
        if "$BUILD/postseal" -c "$SEAL_CONF" alias enable "acked$n@secure.sender.test" \
            --for alice@sender.test >/dev/null 2>&1; then
            echo "acked$n@secure.sender.test" >>"$ACKED"
        fi
        "$BUILD/postseal" -c "$SEAL_CONF" probe "$(one_of "${LAW[@]}").test" >/dev/null 2>&1
    done
}

took postseal export "$SOAK/before" >/dev/null
export_ms=$MS
seal_down
took seal_start prober
start_ms=$MS
seal_stop prober
: >"$SOAK/storming"
write_aliases &
writer=$!
for name in prober socketmap milter; do
    storm "$name" $((4 * start_ms)) "$BUILD/postseal-$name" -c "$SEAL_CONF" -u postseal
done
chgrp postseal "$SENDER_LOG"
chmod 640 "$SENDER_LOG"
storm learn $((4 * start_ms)) setpriv --reuid postseal --regid postseal --init-groups \
    "$BUILD/postseal" -c "$SEAL_CONF" learn --follow "$SENDER_LOG"
storm alias $((2 * export_ms)) "$BUILD/postseal" -c "$SEAL_CONF" alias enable half@secure.sender.test \
    --for alice@sender.test
storm reader $((2 * export_ms)) "$BUILD/postseal" -c "$SEAL_CONF" export
check 'all of them, by the hundred' storms_end
rm "$SOAK/storming"
wait "$writer"
for name in "${SEAL_DAEMONS[@]}"; do
    seal_start "$name"
done
check 'an export is whole' ledger_is_whole
check 'an admin was told that much is done' test -s "$ACKED"
check 'whatever was said to be done is done' none_missing acked
check 'no floor has fallen' floors_stand "$SOAK/before" "$SOAK/export"
check 'the table of readers has room' few_readers
check 'the ledger has no pages that nobody can use' ledger_is_compact "$SEAL/ledger"

# --- a log, an import: killed until done, they leave what an undisturbed one does ------

side_ledger A
side_ledger B
side_ledger C
# More hosts than are written down at once, so that some of it is learned each time.
delivery_log 80000 20000 >"$SOAK/deliveries"
learn_from() {
    "$BUILD/postseal" -c "$SOAK/$1.conf" learn "$SOAK/deliveries" >/dev/null
}
check 'a log is learned from, in peace' took learn_from A
storm learn-again $((MS / 2 + 1)) "$BUILD/postseal" -c "$SOAK/B.conf" learn "$SOAK/deliveries"
check 'the same, killed all along' storms_end
check 'up to its end' reached_the_end learn-again
check 'and then in peace' learn_from B
check 'leaves the same ledger, to the byte' same_knowledge A B
check 'which has no pages that nobody can use' ledger_is_compact "$SOAK/B"

side_ledger D
check 'an export is imported, in peace' took "$BUILD/postseal" -c "$SOAK/D.conf" import "$SOAK/A.jsonl"
storm import $((2 * MS)) "$BUILD/postseal" -c "$SOAK/C.conf" import "$SOAK/A.jsonl"
check 'an import, killed all along' storms_end
check 'up to its end' reached_the_end import
check 'has all of it or nothing' all_or_nothing C
check 'and then in peace' "$BUILD/postseal" -c "$SOAK/C.conf" import "$SOAK/A.jsonl"
check 'leaves the same ledger, to the byte' same_knowledge A C

cp "$SOAK/A.jsonl" "$SOAK/backup"
took export_of A
storm export $((2 * MS)) "$BUILD/postseal" -c "$SOAK/A.conf" export "$SOAK/backup"
check 'an export to a file, killed all along' storms_end
check 'up to its end' reached_the_end export
check 'never leaves half a file' cmp "$SOAK/backup" "$SOAK/A.jsonl"
check 'as often as was asked for' all_were_killed
note "$(cd "$SOAK" && grep . storm-*)"
