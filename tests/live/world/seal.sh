# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# postseal itself, as its service manager would run it: started as root, then an
# ordinary user. Daemons are named prober, socketmap and milter here.
#
#   seal_start NAME          returns when it said READY
#   seal_stop NAME           its exit status
#   seal_kill NAME           with SIGKILL
#   seal_restart             stops and starts all of them
#   seal_setting NAME VALUE  changes postseal.conf; needs a restart to matter
#   seal_log NAME            the name of its log
#
# POSTSEAL_BARE=1 in the environment leaves postseal out of the world, and the
# sender unwired. POSTSEAL_WRAP is put in front of the daemons: see README.md.

SEAL=$WORLD/postseal
SEAL_CONF=/etc/postseal/postseal.conf
SEAL_DAEMONS=(prober socketmap milter)

seal_up() {
    [[ -z ${POSTSEAL_BARE:-} ]] || return 0
    mkdir -p "${SEAL_CONF%/*}"
    install -d -o postseal -g postseal "$SEAL" "$SEAL/ledger" /run/postseal
    seal_conf >"$SEAL_CONF"
    local name
    for name in "${SEAL_DAEMONS[@]}"; do
        seal_start "$name"
    done
}

# Short time-outs and private addresses, because the whole Internet is on
# loopback here; all else as shipped.
seal_conf() {
    cat <<-END
	ledger = "$SEAL/ledger"
	runtime = "/run/postseal"
	resolver = {"127.0.0.1"}
	ehlo_name = "$ME"
	probe_private = true
	smtp_timeout = 3
	secure_domains = {"secure.sender.test"}
	END
}

seal_setting() {
    grep -v "^$1 *=" "$SEAL_CONF" >"$SEAL/conf.new" || true
    printf '%s = %s\n' "$1" "$2" >>"$SEAL/conf.new"
    cat "$SEAL/conf.new" >"$SEAL_CONF"
}

# The pages of the temporary mailbox where its daemon, who is not root, can read them: the tree may
# lie in a home that is root's alone.
seal_pages() {
    cp -RT "$BUILD/web" "$WORLD/pages"
    chmod -R a+rX "$WORLD/pages"
    seal_setting mailbox_pages "\"$WORLD/pages\""
}

seal_log() {
    echo "/var/log/postseal-$1.log"
}

# So many READY lines, or the end of the process.
seal_settled() {
    (($(grep -c READY "$(seal_log "$1")" || true) > $2)) ||
        ! job_running "postseal-$1"
}

seal_start() {
    local name=$1 log ready wrap
    log=$(seal_log "$name")
    read -ra wrap <<<"${POSTSEAL_WRAP:-}"
    touch "$log"
    ready=$(grep -c READY "$log" || true)
    job_start "postseal-$name" "${wrap[@]}" "$BUILD/postseal-$name" \
        -c "$SEAL_CONF" -u postseal
    if ! until_true seal_settled "$name" "$ready" || ! job_running "postseal-$name"; then
        die "postseal-$name does not start: $(tail -n 3 "$log")"
    fi
}

seal_stop() {
    job_stop "postseal-$1"
}

seal_kill() {
    job_stop "postseal-$1" KILL || true
}

# The first complaint becomes the status, but all are stopped.
seal_down() {
    local i status=0
    for ((i = ${#SEAL_DAEMONS[@]} - 1; i >= 0; i--)); do
        seal_stop "${SEAL_DAEMONS[i]}" || {
            status=$?
            note "postseal-${SEAL_DAEMONS[i]} ended with status $status"
        }
    done
    return "$status"
}

seal_restart() {
    seal_down
    local name
    for name in "${SEAL_DAEMONS[@]}"; do
        seal_start "$name"
    done
}
