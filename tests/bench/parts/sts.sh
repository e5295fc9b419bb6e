# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

STS=inet:127.0.0.1:$((PORT + 2))

# Its cache as it would have filled it: every domain with a policy in mode enforce.
sts_cache() { # FILE DOMAINS
    "$BUILD/bench/fill" -l -k "$2" | python3 -c '
import json, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
db.execute("create table sts_policy_cache (domain text, ts integer, pol_id text, pol_body text)")
db.execute("create unique index sts_policy_domain on sts_policy_cache (domain)")
body = json.dumps({"version": "STSv1", "mode": "enforce", "max_age": 31557600,
                   "mx": ["mx1.example", "mx2.example"]})
now = int(time.time())
db.executemany("insert into sts_policy_cache values (?, ?, ?, ?)",
               ((line.strip(), now, "1", body) for line in sys.stdin))
db.commit()' "$1"
}

part_sts() {
    local size connections server other
    size=$(smallest)
    title "postfix-mta-sts-resolver and postseal-socketmap, by turns"
    if ! command -v mta-sts-daemon >/dev/null; then
        echo "skipped: mta-sts-daemon is not installed (apt install postfix-mta-sts-resolver)"
        return
    fi
    cat >"$WORK/sts.yml" <<-END
	host: 127.0.0.1
	port: ${STS##*:}
	cache_grace: 31557600
	proactive_policy_fetching: {enabled: false}
	cache: {type: sqlite, options: {filename: "$WORK/sts.db"}}
	default_zone: {strict_testing: false, timeout: 4}
	END
    sts_cache "$WORK/sts.db" "$size"
    pinned sts mta-sts-daemon -c "$WORK/sts.yml"
    other=$PID
    if ! load -n 1 -k "$size" "$STS" >/dev/null; then
        echo "skipped: mta-sts-daemon does not answer:"
        tail -n 3 "$WORK/sts.log"
        return
    fi
    need_ledger "$size"
    settings "$LEDGER"
    socketmap
    server=$PID
    heading mta-sts postseal
    for connections in "${CONNECTIONS[@]}"; do
        by_turns "$connections" "$size" "$other" "$STS" "$server" "$POSTSEAL"
        row "$connections" "$size"
    done
    goal "5 times as many answers a second"
    stop "$other"
    stop "$server"
}
