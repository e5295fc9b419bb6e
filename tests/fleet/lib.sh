# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Hosts that share, each a ledger, a settings file and a postseal-share of its own, on one
# real PostgreSQL. Sourced by the tests of the fleet.

FLEET_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
FLEET_ROOT=$(cd "$FLEET_DIR/../.." && pwd)
: "${POSTSEAL_BUILD:=$FLEET_ROOT/build}"
# shellcheck source=tests/fleet/engine.sh
. "$FLEET_DIR/engine.sh"

passed=0 failed=0 part=${0##*/}
declare -A SHARE_PID=()
WORK=

check() { # NAME CONDITION...
	if "${@:2}"; then
		echo "ok   $part: $1"
		passed=$((passed + 1))
	else
		echo "FAIL $part: $1"
		failed=$((failed + 1))
	fi
}

finish() {
	fleet_end
	echo "$passed passed, $failed failed"
	((failed == 0))
}

fleet_begin() {
	WORK=$(mktemp -d /tmp/postseal-fleet.XXXXXX)
	trap fleet_end EXIT
	engine_start || exit 1
	psql -qX -v ON_ERROR_STOP=1 -f "$FLEET_ROOT/fleet/postseal-share.sql" 2>/dev/null || exit 1
}

fleet_end() {
	local name
	for name in "${!SHARE_PID[@]}"; do share_stop "$name" KILL; done
	engine_stop
	[[ -z $WORK ]] || rm -rf "$WORK"
	WORK=
}

sql() { psql -qXAt -v ON_ERROR_STOP=1 -c "$1"; }

# A host, and a login of its own for it.
host_new() { # NAME ROLE
	local dir=$WORK/$1
	mkdir -p "$dir/run"
	sql "create role \"$1\" login in role $2" || return 1
	cat >"$dir/service" <<-END
		[fleet]
		host=$ENGINE
		port=5432
		dbname=postgres
		user=$1
	END
	cat >"$dir/postseal.conf" <<-END
		ledger = "$dir/ledger"
		runtime = "$dir/run"
		share_runtime = "$dir/run"
		share = "fleet"
		share_name = "$1"
		ehlo_name = "$1.example"
	END
	host "$1" create
}

host() { "$POSTSEAL_BUILD/tests/fleet_host" "$WORK/$1/ledger" "${@:2}"; }
postseal_at() { "$POSTSEAL_BUILD/postseal" -c "$WORK/$1/postseal.conf" "${@:2}"; }

# COMMAND before it is run by, such as a clock that is off.
share_start() { # NAME [COMMAND...]
	local dir=$WORK/$1
	# The engine's names for psql are not those of a host.
	env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE PGSERVICEFILE="$dir/service" "${@:2}" \
		"$POSTSEAL_BUILD/postseal-share" -c "$dir/postseal.conf" 2>>"$dir/log" &
	SHARE_PID[$1]=$!
}

share_stop() { # NAME [SIGNAL]
	local pid=${SHARE_PID[$1]:-}
	[[ -n $pid ]] || return 0
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	unset "SHARE_PID[$1]"
}

# What happens within SECONDS is waited for, as an event.
within() { # SECONDS CONDITION...
	local end=$((SECONDS + $1))
	until "${@:2}"; do
		((SECONDS < end)) || return 1
		sleep 0.2
	done
}

said() { grep -qsE -- "$2" "$WORK/$1/log"; } # NAME PATTERN
digest_of() { host "$1" digest | sha256sum; }
drained() { [[ $(host "$1" count | cut -d' ' -f2) == 0 ]]; }

# All have told what they have, and hold the same.
same() { # NAME...
	local name first
	first=$(digest_of "$1")
	for name; do
		[[ $(digest_of "$name") == "$first" ]] || return 1
	done
}
