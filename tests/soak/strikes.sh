# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What strikes during a soak: one thing at a time stops, is killed or hangs for
# some seconds, and comes back. Each is written down in $SOAK/events.

event() {
    printf '%d %s\n' "$SECONDS" "$*" >>"$SOAK/events"
}

learn_start() {
    job_start postseal-learn setpriv --reuid postseal --regid postseal --init-groups \
        "$BUILD/postseal" -c "$SEAL_CONF" learn --follow "$SENDER_LOG"
}

# As an admin, or as the kernel does it. A daemon that is asked to end ends well.
strike_job() {
    local signal
    signal=$(one_of TERM KILL)
    event "$1 $signal"
    if [[ $signal == KILL ]]; then
        job_stop "$1" KILL || true
    else
        job_stop "$1" || broken "$1: exit status $? after SIGTERM"
    fi
    sleep $((RANDOM % 4))
}

strike() {
    case $1 in
    prober | socketmap | milter)
        strike_job "postseal-$1"
        seal_start "$1"
        ;;
    learn)
        strike_job postseal-learn
        learn_start
        ;;
    unbound)
        event unbound
        job_stop unbound || true
        sleep $((RANDOM % 4))
        job_start unbound unbound -d -c "$DNS/unbound.conf"
        until_true dns_control status || die "unbound does not come back"
        ;;
    resolver-hangs)
        event resolver-hangs
        dns_freeze
        sleep $((3 + RANDOM % 10))
        dns_thaw
        ;;
    dns-fails)
        event dns-fails
        dns_down
        sleep $((3 + RANDOM % 10))
        dns_back
        ;;
    loses-tls)
        event loses-tls
        receiver_tls mx.loses.test off
        sleep $((3 + RANDOM % 10))
        receiver_tls mx.loses.test on
        ;;
    postfix)
        event postfix
        sender_restart
        ;;
    esac
}

WORLD_STRIKES=(unbound resolver-hangs dns-fails loses-tls postfix)

# A third of the time all may be struck; then two of the daemons live on while
# those they talk to die, then the other two: that is where growth would show.
strikes_of_now() {
    case $((SECONDS * 3 / SECS)) in
    0) echo prober socketmap milter learn "${WORLD_STRIKES[@]}" ;;
    1) echo prober learn "${WORLD_STRIKES[@]}" ;;
    *) echo socketmap milter "${WORLD_STRIKES[@]}" ;;
    esac
}

strike_something() {
    local names
    read -ra names <<<"$(strikes_of_now)"
    strike "$(one_of "${names[@]}")"
}
