# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153,SC2154 # lib.sh has them

# Domains of the ledger that is asked, and those that another host tells meanwhile.
SHARE_DOMAINS=${BENCH_SHARE_DOMAINS:-100000}
SHARED=$((SHARE_DOMAINS / 5))
# Rows that a new host reads; hosts that tell at the same time, and domains that each of them has.
SHARE_ROWS=${BENCH_SHARE_ROWS:-1000000}
SHARE_HOSTS=${BENCH_SHARE_HOSTS:-50}
SHARE_EACH=${BENCH_SHARE_EACH:-200}

sharing_settings() { # NAME LEDGER
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

share_seconds() { awk -v a="$1" -v b="${EPOCHREALTIME/,/.}" 'BEGIN {printf "%.1f", b - a}'; }
share_rows() { psql -qXAt -c 'select count(*) from postseal.fact'; }
share_read() { "$BUILD/postseal" -c "$WORK/$1/postseal.conf" fleet --json 2>/dev/null | jq -r .read; }
share_n() { psql -qXAt -c 'select n from postseal.fleet'; }

# A new host reads an engine full of rows, which got there by copy and not by hosts.
share_first_reading() {
    local begin reader took
    title "a new host reads $SHARE_ROWS rows"
    share_forget_all
    psql -qX <<-END
	set session_replication_role = replica;
	\\copy postseal.fact (kind, key, schema, record, first_tls, last_tls, latest, rev, n, origin) from program '"$BUILD/tests/fleet_host" - rows $SHARE_ROWS'
	update postseal.fleet set n = $((SHARE_ROWS / 500 + 2));
	insert into postseal.batch (n, nonce, origin)
	    values ($((SHARE_ROWS / 500 + 2)), decode(repeat('00', 16), 'hex'), 'copied');
	END
    "$BUILD/tests/fleet_host" "$WORK/new-ledger" create
    sharing_settings new "$WORK/new-ledger"
    begin=${EPOCHREALTIME/,/.}
    share_begin new
    reader=$PID
    until [[ $(share_read new) == "$(share_n)" ]]; do sleep 0.5; done
    took=$(share_seconds "$begin")
    echo "read, merged and written down in $took s: $(awk -v n="$SHARE_ROWS" -v t="$took" 'BEGIN {printf "%d", n / t}') rows/s"
    echo "a row takes $(psql -qXAt -c "select pg_total_relation_size('postseal.fact') / count(*) from postseal.fact") bytes in the engine, indexes and all, and $(($(stat -c %s "$WORK/new-ledger/data.mdb") / SHARE_ROWS)) in the ledger"
    stop "$reader"
}

share_forget_all() {
    psql -qX -c 'set session_replication_role = replica' -c 'truncate postseal.fact, postseal.act, postseal.batch' \
        -c 'update postseal.fleet set epoch = gen_random_uuid(), n = 0'
}

share_has() { "$BUILD/tests/fleet_host" "$WORK/watch-ledger" digest | grep -q "^domain $1 "; }

# What one host sees, with all the others there, until another knows it.
share_lag() {
    local i begin
    for i in 1 2 3 4 5; do
        "$BUILD/tests/fleet_host" "$WORK/h1-ledger" see tls "lag$i.example" "mx.lag$i.example" "$(date +%s)"
        begin=${EPOCHREALTIME/,/.}
        until share_has "lag$i.example"; do sleep 0.1; done
        share_seconds "$begin"
        echo
    done | sort -n | paste -sd' '
}

# Many hosts tell at the same time; one that was there reads it all.
share_publishers() {
    local i begin told pids=()
    title "$SHARE_HOSTS hosts join at once, each with $SHARE_EACH domains and as many MX hosts"
    share_forget_all
    "$BUILD/tests/fleet_host" "$WORK/watch-ledger" create
    sharing_settings watch "$WORK/watch-ledger"
    share_begin watch
    pids+=("$PID")
    for ((i = 1; i <= SHARE_HOSTS; i++)); do
        "$BUILD/tests/fleet_host" "$WORK/h$i-ledger" create
        "$BUILD/tests/fleet_host" "$WORK/h$i-ledger" fill $((100000000 + i * SHARE_EACH)) "$SHARE_EACH"
        sharing_settings "h$i" "$WORK/h$i-ledger"
    done
    begin=${EPOCHREALTIME/,/.}
    for ((i = 1; i <= SHARE_HOSTS; i++)); do
        share_begin "h$i"
        pids+=("$PID")
    done
    until (($(share_rows) == 2 * SHARE_HOSTS * SHARE_EACH)); do sleep 0.5; done
    told=$(share_seconds "$begin")
    until [[ $(share_read watch) == "$(share_n)" ]]; do sleep 0.5; done
    echo "all was told in $told s, $(awk -v n=$((2 * SHARE_HOSTS * SHARE_EACH)) -v t="$told" 'BEGIN {printf "%d", n / t}') rows/s, and read by one that was there in $(share_seconds "$begin") s"
    echo "seconds until one of them knows what another saw: $(share_lag)"
    for i in "${pids[@]}"; do stop "$i"; done
    rm -rf "$WORK"/h*-ledger
}

# Rows that no host writes, by the engine itself.
share_lies() { # ROWS
    psql -qX <<-END
	set session_replication_role = replica;
	update postseal.fleet set n = n + 1;
	insert into postseal.batch (n, nonce, origin) select n, decode(repeat('01', 16), 'hex'), 'liar' from postseal.fleet;
	insert into postseal.fact (kind, key, schema, record, first_tls, last_tls, latest, rev, n, origin)
	    select 'domain', 'lie' || i || '.example', 4, '\\xdeadbeef', 1, 1, 1, 1, n, 'liar'
	    from postseal.fleet, generate_series(1, $1) i;
	END
}

# Somebody has locked the tables: each statement waits for as long as it may.
share_slow() {
    psql -qX -c 'begin; lock postseal.fact, postseal.fleet in access exclusive mode; select pg_sleep(3600)' \
        >/dev/null 2>&1 &
    until [[ $(psql -qXAt -c "select count(*) from pg_stat_activity where query like '%pg_sleep(3600)' and wait_event = 'PgSleep'") == 1 ]]; do sleep 0.2; done
}

engine_backends() { psql -qXAt -c "select pid from pg_stat_activity where application_name like 'postseal-share%'"; }

part_share() {
    local size=$SHARE_DOMAINS alone together sharer other backends pid
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
    # Each has a file of its own: they read them when they start, not before.
    settings "$LEDGER"
    mkdir -p "$WORK/alone"
    sed "s|$POSTSEAL|$FLOOR|; s|$WORK/run|$WORK/alone|" "$WORK/postseal.conf" >"$WORK/alone.conf"
    pinned socketmap-alone "$BUILD/postseal-socketmap" -c "$WORK/alone.conf"
    alone=$PID
    settings "$WORK/shared"
    socketmap
    together=$PID
    share_row "none: neither shares" "$size"
    sharing_settings one "$WORK/shared"
    share_begin one
    sharer=$PID
    until (($(share_rows) >= size)) && [[ $(share_read one) == "$(share_n)" ]]; do sleep 1; done
    share_row "up, nothing new" "$size"
    "$BUILD/tests/fleet_host" "$WORK/other-ledger" create
    "$BUILD/tests/fleet_host" "$WORK/other-ledger" fill 0 "$SHARED"
    sharing_settings two "$WORK/other-ledger"
    share_begin two
    other=$PID
    share_row "up, another tells $((2 * SHARED)) rows" "$size"
    stop "$other"
    share_lies "$SHARED"
    share_row "up, and lies: $SHARED rows are none" "$size"
    share_slow
    share_row "slow: 10 s a statement, then no" "$size"
    psql -qX -c "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()" >/dev/null
    mapfile -t backends < <(engine_backends)
    for pid in "${backends[@]}"; do kill -STOP "$pid"; done
    share_row "says nothing (stopped)" "$size"
    for pid in "${backends[@]}"; do kill -CONT "$pid" 2>/dev/null || true; done
    as_engine "$ENGINE_BIN/pg_ctl" -D "$ENGINE/data" -m immediate -s stop
    share_row "down" "$size"
    stop "$sharer"
    stop "$alone"
    stop "$together"
    rm -rf "$WORK/shared" "$WORK/other-ledger"
    as_engine "$ENGINE_BIN/pg_ctl" -D "$ENGINE/data" -l "$ENGINE/data/log" -w -s -o "$ENGINE_OPTIONS" start
    share_publishers
    share_first_reading
    engine_stop
    trap finish EXIT
}
