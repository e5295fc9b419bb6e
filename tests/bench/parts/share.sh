# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153,SC2154 # lib.sh has them

# Rows that another host tells while look-ups are measured.
SHARED=20000

sharing_settings() { # NAME LEDGER SERVICE-USER
    mkdir -p "$WORK/$1"
    printf '[fleet]\nhost=%s\nport=5432\ndbname=postgres\nuser=%s\n' "$ENGINE" "$1" >"$WORK/$1/service"
    cat >"$WORK/$1/postseal.conf" <<-END
	ledger = "$2"
	runtime = "$WORK/$1"
	share_runtime = "$WORK/$1"
	share = "fleet"
	share_name = "$1"
	END
    psql -qX -c "create role $1 login in role postseal_admin"
}

share_begin() { # NAME
    serve "share-$1" env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE PGSERVICEFILE="$WORK/$1/service" \
        nice -n 5 "$BUILD/postseal-share" -c "$WORK/$1/postseal.conf"
}

share_row() { # STATE DOMAINS
    by_turns 20 "$2" "$alone" "$FLOOR" "$together" "$POSTSEAL"
    printf '%-34s %10s %10s %6s %8s %8s %6s\n' "$1" "$(column a 1)" "$(column b 1)" "$(ratio 1)" \
        "$(column a 3)" "$(column b 3)" "$(ratio 3)"
}

engine_backends() { psql -qXAt -c "select pid from pg_stat_activity where application_name like 'postseal-share%'"; }

part_share() {
    local size=100000 alone together sharer other backends pid
    # shellcheck source=tests/fleet/engine.sh
    . "$HERE/../fleet/engine.sh"
    title "look-ups of a host that shares beside one that does not; $ROUNDS turns of $SECONDS_EACH s each"
    show "load -c 20 -k $size -t $SECONDS_EACH -s ROUND ENDPOINT"
    printf '%-34s %10s %10s %6s %8s %8s %6s\n' engine alone/s shares/s ratio p99-us p99-us ratio
    engine_start
    # finish ends what was started here; the engine is one more.
    trap 'engine_stop; finish' EXIT
    psql -qX -f "$HERE/../../fleet/postseal-share.sql" 2>/dev/null
    need_ledger "$size"
    cp -r "$LEDGER" "$WORK/shared"
    settings "$LEDGER"
    sed -i "s|$POSTSEAL|$FLOOR|" "$WORK/postseal.conf"
    socketmap
    alone=$PID
    settings "$WORK/shared"
    socketmap
    together=$PID
    share_row "none: neither shares" "$size"
    sharing_settings one "$WORK/shared"
    share_begin one
    sharer=$PID
    until [[ $("$BUILD/postseal" -c "$WORK/one/postseal.conf" fleet --json | jq -r .waiting.now) == 0 &&
        $(psql -qXAt -c 'select count(*) from postseal.fact') -ge $size ]]; do sleep 1; done
    share_row "up, nothing new" "$size"
    "$BUILD/tests/fleet_host" "$WORK/other-ledger" create
    "$BUILD/tests/fleet_host" "$WORK/other-ledger" fill 0 "$SHARED"
    sharing_settings two "$WORK/other-ledger"
    share_begin two
    other=$PID
    share_row "up, another tells $((2 * SHARED)) rows" "$size"
    stop "$other"
    mapfile -t backends < <(engine_backends)
    for pid in "${backends[@]}"; do kill -STOP "$pid"; done
    share_row "says nothing (stopped)" "$size"
    for pid in "${backends[@]}"; do kill -CONT "$pid" 2>/dev/null || true; done
    as_engine "$ENGINE_BIN/pg_ctl" -D "$ENGINE/data" -m immediate -s stop
    share_row "down" "$size"
    stop "$sharer"
    stop "$alone"
    stop "$together"
    rm -rf "$WORK/shared" "$WORK/other-ledger" "$ENGINE"
    ENGINE=
    trap finish EXIT
}
