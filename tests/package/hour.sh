# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the tests on a booted machine (machine.sh) share: an admin who types what README.md says,
# what is then to be seen, and the world around. Sourced by tests/package/hour and its like,
# each of which has a function `hour`, and ends with `hour_main "$@"`. Before it, this sets
# what the world takes from the environment.

# shellcheck disable=SC2016 # much of it is for the machine's shell

# The provider's resolver, which a machine has before it has one of its own.
export DNS_RESOLVER=192.0.2.53

# shellcheck source-path=SCRIPTDIR
# shellcheck source=../live/world.sh
. "$(dirname "${BASH_SOURCE[0]}")/../live/world.sh"
# shellcheck source=../live/lib.sh
. "$LIVE/lib.sh"
# shellcheck source=machine.sh
. "$REPO/tests/package/machine.sh"

# Where on the machine it is typed.
TYPED_IN=/root

# --- typing ------------------------------------------------------------------------

# What README calls by examples' names, in this world.
here() {
    sed -e 's/secure\.example\.com/secure.sender.test/g' -e 's/me@example\.com/me@sender.test/g' \
        -e 's/me@provider\.example/bob@dane.test/g' -e 's|\./build/deb|/packages|g' <<<"$1"
}

# readme COMMAND [ANSWER...]: what README.md says, to the letter, typed at a terminal; SAID is
# what was seen there.
readme() {
    local command=$1
    tr -s '\n ' ' ' <"$REPO/README.md" | grep -qF -- "$command" || because "README.md does not say: $command" || return
    shift
    SAID=$("$REPO/tests/package/typist" "$@" -- "${MACHINE_ENTER[@]}" sh -c "cd '$TYPED_IN' && $(here "$command")") ||
        because "$(tail -n 30 <<<"$SAID")"
}

said() {
    matches "$SAID" "$1"
}

# --- what is to be seen on the machine ----------------------------------------------

# keep_files NAME: files that setup may change, as they are; and who else is in their folders.
keep_files() {
    machine bash -c 'mkdir -p "/root/$1" && cd "/root/$1" && cp -p "${@:2}" . && ls -A /etc/postfix >names &&
        stat -c "%n %a %u %g" "${@:2}" >owners' - "$1" "${FILES[@]}"
}

# files_as NAME: they are so again, byte for byte.
files_as() {
    machine bash -c 'cd "/root/$1" && for file in "${@:2}"; do cmp "${file##*/}" "$file" || exit; done &&
        ls -A /etc/postfix | diff names - && stat -c "%n %a %u %g" "${@:2}" | diff owners -' - "$1" "${FILES[@]}"
}

failed_units() {
    equals "$(machine systemctl list-units --failed --no-legend --plain)" ''
}

doctor_green() {
    SAID=$(machine postseal doctor) || because "$(grep -E -A3 '^(wrong|unsure)' <<<"$SAID")"
}

# answers_here DOMAIN ANSWER: asked as Postfix asks.
answers_here() {
    equals "$(machine postmap -q "$1" socketmap:inet:127.0.0.1:7672:policy 2>&1)" "$2"
}

active() {
    local unit
    for unit; do
        [[ $(machine systemctl is-active "$unit") == active ]] || because "$unit is not active" || return
    done
}

all_active() {
    active postseal-socketmap.{socket,service} postseal-{prober,milter,learn}.service postseal.target
}

mail_here() {
    machine bash -c 'printf "From: %s\nSubject: hour\nMessage-ID: <%s>\n\nHello.\n" "$1" "$2" | sendmail -i -f "$1" "$3"' \
        - me@sender.test "$1" "$2"
}

mail_flows() {
    local id=flow-$EPOCHREALTIME@live.test
    mail_here "$id" bob@dane.test || return
    until_true received_copy "$id" bob@dane.test || because "$(machine journalctl -q -n 5 -t postfix/smtp)"
}

# files_left [PATH...]: what is there of postseal but copies of files and of the ledger, the users,
# and these paths. Postfix itself leaves sockets of services that it once had.
files_left() {
    local path more=()
    for path; do more+=(-o -path "$path"); done
    machine find / -xdev \( -path /proc -o -path /packages -o -path /var/cache/apt -o -path /var/lib/apt \
        -o -path /var/log -o -path /var/backups/postseal -o -path /var/lib/postseal-backup -o -path /root \
        -o -path /var/spool/postfix/private "${more[@]}" \) -prune \
        -o \( -iname '*postseal*' -o -user postseal -o -group postseal \) -print
}

# --- the world around ------------------------------------------------------------------

hour_world() {
    local step
    set -e
    for step in files identity network; do "world_$step"; done
    ip address add "$DNS_RESOLVER/32" dev lo
    pki_up
    dns_up
    receivers_up
    set +e
}

# hour_main TREE PACKAGES GOODS, as `$0` was called; or how it calls itself.
hour_main() {
    if [[ $1 == --make ]]; then
        shift
        mount -t tmpfs postseal-machine "$WORLD" && machine_make "$@"
        exit
    fi
    if [[ ${POSTSEAL_WORLD:-} != "$$" ]]; then
        (($# == 3)) || die "usage: $0 TREE PACKAGES GOODS"
        [[ $(id -u) == 0 ]] || die 'needs root, for namespaces'
        MACHINE_UPPER=$(mktemp -d "$(realpath "$2").machine.XXXXXX")
        export MACHINE_UPPER
        trap 'rm -rf "$MACHINE_UPPER"' EXIT
        unshare --mount --propagation private "$BASH" "$0" --make "$@" >"$MACHINE_UPPER/log" 2>&1 ||
            die "the machine cannot be made: $(tail -n 5 "$MACHINE_UPPER/log")"
        (world_enter "$0" "$@")
        exit
    fi
    hour_world
    if machine_boot "$@"; then
        hour
        machine_off
    elif job_running machine; then
        die "the machine does not come up: $(tail -n 5 /var/log/machine.log)"
    else
        CASE=hour
        check "SKIPPED, systemd-nspawn cannot boot here: $(tail -n 1 /var/log/machine.log)" true
    fi
    summary
}
