# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# A real PostgreSQL of the tests' own, on a Unix socket in a directory that goes with it
# (in ENGINE_TMP, else /tmp). engine_start, then PGHOST and PGPORT are set and psql(1) is its
# superuser; engine_stop.

ENGINE=
ENGINE_BIN=$(echo /usr/lib/postgresql/*/bin | tr ' ' '\n' | tail -n 1)

as_engine() {
	if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi
}

engine_start() {
	ENGINE=$(mktemp -d "${ENGINE_TMP:-/tmp}/postseal-engine.XXXXXX")
	ENGINE_OPTIONS="-c listen_addresses= -c unix_socket_directories=$ENGINE -c fsync=off -c max_connections=100"
	chmod 755 "$ENGINE"
	if ((EUID == 0)); then chown postgres: "$ENGINE"; fi
	as_engine "$ENGINE_BIN/initdb" -D "$ENGINE/data" -A trust -U postgres -E UTF8 \
		--no-sync >"$ENGINE/initdb.log" 2>&1 || { cat "$ENGINE/initdb.log"; return 1; }
	as_engine "$ENGINE_BIN/pg_ctl" -D "$ENGINE/data" -l "$ENGINE/data/log" -w -s \
		-o "$ENGINE_OPTIONS" \
		start || { cat "$ENGINE/data/log"; return 1; }
	export PGHOST=$ENGINE PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}

engine_stop() {
	[[ -n $ENGINE ]] || return 0
	as_engine "$ENGINE_BIN/pg_ctl" -D "$ENGINE/data" -m immediate -s stop
	rm -rf "$ENGINE"
	ENGINE=
}
