# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Moving in: what a table, postfix-tlspol and postfix-mta-sts-resolver knew

KEPT=$WORLD/kept
moving() {
    local status=0
    shift
    postseal import --from "$@" >"$WORLD/moved" 2>&1 || status=$?
    return "$status"
}
report_has() {
    grep -qE -- "$1" "$WORLD/moved" || because "no \"$1\" in: $(cat "$WORLD/moved")"
}

# A table as Postfix reads it: both say the same of what is taken.
cat >"$KEPT" <<'END'
# by hand, since 2019
kept.test	encrypt
sub.kept.test
    dane-only
# a partner
.parent.test  secure
weak.test     may
names.test    secure match=mx.names.test
END
check 'a table, dry run' refute moving _ postfix --dry-run "$KEPT"
check 'a table, dry run: nothing is set' answers kept.test NOTFOUND
check 'a table: some of it is left' refute moving _ postfix "$KEPT"
check 'a table: told why' report_has '^left +7 +weak.test: "may" would'
for name in kept.test sub.kept.test .parent.test; do
    read -ra line <<<"$(postmap -q "$name" "texthash:$KEPT")"
    check "a table: $name as Postfix has it" equals "$(answer policy "$name" | cut -d' ' -f1)" "${line[0]}"
done
for name in kept.test sub.kept.test .parent.test; do
    postseal override clear "$name" >/dev/null
done

printf '%-28s %s\n' dane.test dane-only tls.test 'secure match=.x.test servername=hostname' >"$KEPT"
check 'postfix-tlspol: not all is as strict' refute moving _ postfix-tlspol "$KEPT"
check 'postfix-tlspol: DANE is' report_has '^taken +1 +dane.test: was dane-only, is dane-only'
check 'postfix-tlspol: what is weaker is told' report_has '^left +2 +tls.test: was secure, is encrypt'

python3 -B - "$KEPT.db" "$EPOCHSECONDS" <<'END'
import json
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1])
database.execute("create table sts_policy_cache (domain text, ts integer, pol_id text, pol_body text)")
for domain, mode in (("moved.test", "enforce"), ("trial.test", "testing")):
    policy = {"version": "STSv1", "mode": mode, "mx": ["mx." + domain], "max_age": 86400}
    database.execute("insert into sts_policy_cache values (?, ?, ?, ?)",
                     (domain, int(sys.argv[2]), "20260101T000000", json.dumps(policy)))
database.commit()
rows = [dict(zip(("domain", "ts", "pol_id", "pol_body"), row))
        for row in database.execute("select * from sts_policy_cache")]
print(json.dumps(rows), file=open(sys.argv[1] + ".json", "w"))
END
SOURCE=$KEPT.db
command -v sqlite3 >/dev/null || SOURCE=$KEPT.db.json
check 'mta-sts-resolver: some of it is left' refute moving _ mta-sts-resolver "$SOURCE"
check 'mta-sts-resolver: a policy is taken' report_has '^taken +1 +moved.test: MTA-STS, enforce, until'
check 'mta-sts-resolver: what only tests is not' report_has '^left +2 +trial.test: its mode'
check 'mta-sts-resolver: it holds' matches "$(postseal explain moved.test)" 'secure match=mx.moved.test'
postseal forget --yes moved.test >/dev/null 2>&1 || true
