# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# setup fleet: from a host alone to one that shares, by a real PostgreSQL, and back

# shellcheck source=tests/live/setup.sh
. "$LIVE/setup.sh"
# shellcheck source=tests/live/doctor.sh
. "$LIVE/doctor.sh"
# shellcheck source=tests/fleet/engine.sh
. "$REPO/tests/fleet/engine.sh"

SERVICE=/etc/postseal/share.conf
cp "$SEAL_CONF" "$WORLD/before.conf"
# One user here, who owns the ledger; the package has a second one in a common group.
useradd -o -u "$(id -u postseal)" -g postseal --no-create-home --home-dir /nonexistent postseal-share
mkdir -p "$WORLD/share-run"
chown postseal: "$WORLD/share-run"
seal_setting share_runtime "\"$WORLD/share-run\""
seal_restart
setup_up
keep_postfix alone
export ENGINE_TMP=$WORLD
engine_start >/dev/null || die 'PostgreSQL does not start'
ENGINE_HOST=$PGHOST
sql() { PGHOST=$ENGINE_HOST PGUSER=postgres psql -qXAt -v ON_ERROR_STOP=1 -c "$1"; }
psql -qX -v ON_ERROR_STOP=1 -f "$REPO/fleet/postseal-share.sql" 2>/dev/null || die 'no schema'
sql 'create role mx1 login in role postseal_admin'
unset PGHOST PGPORT PGUSER PGDATABASE

shared() { set_up fleet "host=$ENGINE_HOST" dbname=postgres user=mx1 share_name=mx1 "$@"; }
far() { set_up fleet host=db.example.com dbname=postseal user=mx1 "$@"; }

check 'it has to be said where' status_is 2 set_up fleet --yes
check 'and who' status_is 2 set_up fleet host=/run/x dbname=postgres --yes
check 'no password on the command line' status_is 2 far password=secret --yes
check 'no second line by the way' status_is 2 far $'options=a\npassword=x' --yes
check 'a password is needed' status_is 2 far --yes
PGPASSWORD=hush-hush check 'dry run: over the network' status_is 1 far --dry-run
check 'dry run: it has to be TLS' out_has '+sslmode=verify-full'
check 'dry run: a password' out_has '+password=(not shown)'
check 'dry run: which is not shown' refute grep -q hush-hush "$WORLD/setup.out"
check 'dry run: what to do at the database' out_has 'create role mx1 login'
check 'dry run: nothing is written' refute test -e "$SERVICE"
check 'dry run: nor elsewhere' as_it_was alone

check 'it is set up' status_is 0 shared --yes
check 'it shares' out_has 'it shares as mx1: what admins do here holds on all hosts'
check 'the login is for one user alone' equals "$(stat -c '%a %U' "$SERVICE")" \
    "400 $(stat -c %U "$SEAL/ledger")"
check 'the doctor sees it' doctor_says fleet 'ok as mx1'
check 'the fleet knows it' matches "$(postseal fleet)" 'mx1'
check 'again: nothing to change' status_is 0 set_up fleet --dry-run
check 'an act here holds for all' postseal override set example.com minimum encrypt --reason test
told() { [[ $(sql "select count(*) from postseal.act") -gt 0 ]]; }
check 'and is told' until_true told
postseal override clear example.com >/dev/null

check 'undone' status_is 0 set_up --undo --yes
check 'it says how to leave for good' out_has 'To note nothing more for the others: postseal fleet leave'
check 'all is as it was' as_it_was alone
check 'the login is gone' refute test -e "$SERVICE"
check 'its daemon is stopped' grep -qx 'disable --now postseal-share' "$WORLD/systemctl.log"
check 'it leaves' postseal fleet leave

sql 'alter role mx1 nologin'
check 'a login that is not let in' status_is 1 shared --yes
check 'says why' out_has 'it does not share yet: '
check 'and how to undo it' out_has 'postseal setup --undo'
check 'undone, too' status_is 0 set_up --undo --yes
postseal fleet leave >/dev/null

engine_stop
setup_down
userdel postseal-share 2>/dev/null || true
cat "$WORLD/before.conf" >"$SEAL_CONF"
seal_restart
