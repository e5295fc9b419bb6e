# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What every part of the world needs: failing, waiting, tables, processes.

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

note() {
    printf '%s\n' "$*" >&2
}

# How long anything that must happen may take, in seconds. Generous: it only
# ever runs out when something is broken, so no test waits for it. Programs
# slowed down by a sanitizer or valgrind may stretch it from outside.
PATIENCE=${POSTSEAL_PATIENCE:-60}

# until_true COMMAND...: waits for it to succeed; false when patience ran out.
until_true() {
    local deadline=$((SECONDS + PATIENCE))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# tick: until the clock shows another second. What postseal remembers is dated in
# seconds; a test that means "after" must not fall into the same one.
tick() {
    local now=$EPOCHSECONDS
    until ((EPOCHSECONDS > now)); do
        sleep 0.05
    done
}

# table FILE: its lines without comments and empty ones.
table() {
    sed -e 's/[#].*//' -e '/^[[:space:]]*$/d' "$1"
}

# Daemons of the world that stay in the foreground: job_start NAME COMMAND...
# logs to /var/log/NAME.log; job_stop ends it by its process id and waits.
declare -A JOB=()

job_start() {
    local name=$1
    shift
    "$@" </dev/null >>"/var/log/$name.log" 2>&1 &
    JOB[$name]=$!
}

job_running() {
    [[ -n ${JOB[$1]:-} ]] && kill -0 "${JOB[$1]}" 2>/dev/null
}

# job_stop NAME [SIGNAL]: its exit status becomes ours.
job_stop() {
    local pid=${JOB[$1]:-} status=0
    [[ -n $pid ]] || return 0
    unset "JOB[$1]"
    kill -s "${2:-TERM}" "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || status=$?
    return "$status"
}

# job_freeze NAME: alive, and not a thread of it does anything more, until job_thaw.
job_freeze() {
    kill -s STOP "${JOB[$1]}"
    until_true job_frozen "$1" || die "$1 does not stop"
}

job_frozen() {
    [[ ! $(cat /proc/"${JOB[$1]}"/task/*/stat) =~ \)\ [^T]\  ]]
}

job_thaw() {
    kill -s CONT "${JOB[$1]}"
}

# tcp_open ADDRESS PORT: does someone listen there?
tcp_open() {
    (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null
}
