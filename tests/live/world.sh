#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The live mail world: a small Internet on loopback, with a signed DNS, a stock
# Debian Postfix under postseal, and the receivers it writes to. It lives in
# namespaces of its own, so it neither disturbs nor needs the machine's mail,
# DNS or files, and it is gone without a trace when its first process ends,
# however that ends.
#
#   tests/live/world.sh [COMMAND...]     brings it up, runs COMMAND; or a shell, with a sealed mail
#                                        that waits to be opened
#
# or, for scripts: source it, then
#
#   world_enter "$0" "$@"     the script starts again, inside
#   world_up                  DNS, receivers, sender, postseal
#   world_down                stops them (leaving the script does it too)
#
# Inside, these are the world's own: the network, process ids, host name, /etc,
# /run, /var/log, /var/mail, and Postfix's and postseal's directories. $WORLD
# (an empty tmpfs) holds the rest. Nothing of it is on disk.

LIVE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$LIVE/../.." && pwd)
BUILD=${POSTSEAL_BUILD:-$REPO/build}
[[ $BUILD == /* ]] || BUILD=$REPO/$BUILD

# An existing directory to mount on, so that not even an empty one is left; a
# short one, because names of local sockets end after 107 bytes.
case $REPO/ in
/mnt/*) WORLD=/srv ;;
*) WORLD=/mnt ;;
esac

ME=mail.sender.test             # the machine under test
ME_ADDR=192.0.2.25              # its address on the Internet
OUTSIDE_ADDR=198.51.100.7       # whoever talks to that address comes from here

# shellcheck source-path=SCRIPTDIR
# shellcheck source=world/base.sh
. "$LIVE/world/base.sh"
# shellcheck source=world/pki.sh
. "$LIVE/world/pki.sh"
# shellcheck source=world/dns.sh
. "$LIVE/world/dns.sh"
# shellcheck source=world/postfix.sh
. "$LIVE/world/postfix.sh"
# shellcheck source=world/sender.sh
. "$LIVE/world/sender.sh"
# shellcheck source=world/receivers.sh
. "$LIVE/world/receivers.sh"
# shellcheck source=world/peers.sh
. "$LIVE/world/peers.sh"
# shellcheck source=world/https.sh
. "$LIVE/world/https.sh"
# shellcheck source=world/seal.sh
. "$LIVE/world/seal.sh"

# world_enter SCRIPT [ARG...]: returns at once when already inside; otherwise
# runs the script inside and exits with its status.
world_enter() {
    [[ ${POSTSEAL_WORLD:-} == "$$" ]] && return 0
    [[ $(id -u) == 0 ]] || die "the live world needs root (for namespaces)"
    # Whatever ends the caller ends unshare (setpriv), and with it the first
    # process in there, and with that all others and all mounts.
    # POSTSEAL_WORLD=1: in there the script is process 1, and nowhere else.
    POSTSEAL_WORLD=1 setpriv --pdeathsig KILL \
        unshare --net --mount --uts --ipc --pid --fork --kill-child \
        --mount-proc --propagation private -- "$BASH" "$@"
    exit
}

world_files() {
    mount -t tmpfs -o mode=755,nosuid postseal-world "$WORLD"
    mkdir -p "$WORLD"/{log,mail,run,spool,varlib}
    cp -a /etc "$WORLD/etc"
    local pair
    for pair in etc:/etc run:/run log:/var/log mail:/var/mail \
        spool:/var/spool/postfix varlib:/var/lib/postfix; do
        mount --bind "$WORLD/${pair%%:*}" "${pair#*:}"
    done
    chmod 3777 /var/mail
    mkdir -p /run/lock
    export TMPDIR=$WORLD HOME=$WORLD
}

# The names and users of the machine under test, as an installer leaves them.
world_identity() {
    hostname "$ME"
    echo "$ME" >/etc/hostname
    rm -f /etc/resolv.conf      # often a link out of /etc
    echo 'nameserver 127.0.0.1' >/etc/resolv.conf
    printf '127.0.0.1 localhost\n%s %s mail\n' "$ME_ADDR" "$ME" >/etc/hosts
    local user
    for user in alice bob carol; do
        useradd --no-create-home --home-dir /nonexistent "$user"
    done
    getent passwd postseal >/dev/null ||
        useradd --system --no-create-home --home-dir /nonexistent postseal
}

# The sender's own address makes it more than a loopback machine. Connections to
# it come from OUTSIDE_ADDR: to postseal and Postfix they are from the network.
world_network() {
    ip link set lo up
    ip address add "$ME_ADDR/32" dev lo
    ip address add "$OUTSIDE_ADDR/32" dev lo
    ip route change local "$ME_ADDR" dev lo table local proto kernel \
        scope host src "$OUTSIDE_ADDR"
}

world_up() {
    [[ $$ == 1 ]] || die "world_up outside the world: call world_enter first"
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    trap : PIPE                 # a peer that hung up is a finding, not our end
    trap world_fell EXIT
    local flags=$- step
    set -e                      # whatever fails, the step that it is in says so
    for step in files identity network; do
        WORLD_STEP=$step
        "world_$step"
    done
    for step in pki dns receivers peers sender seal; do
        WORLD_STEP=$step
        "${step}_up"
    done
    [[ $flags == *e* ]] || set +e
    trap world_down EXIT
}

# The world ended before it was there.
world_fell() {
    local status=$?
    note "the world did not come up: its step \"$WORLD_STEP\" failed, with exit status $status" \
        "(tests/live/world/$WORLD_STEP.sh, or world_$WORLD_STEP in tests/live/world.sh)"
    world_down
}

# In an orderly way, so that sanitizers and valgrind in the daemons get to say
# what they found; everything else would die with process 1 anyway.
world_down() {
    trap - EXIT
    seal_down
}

# A sealed mail that waits for bob@plain.test, so that one can be bob. Opened by a browser in here,
# where nginx is installed (tests/deps.sh mailbox); else by what the tests have for one.
world_sealed() {
    # shellcheck source=tests/live/lib.sh
    . "$LIVE/lib.sh"
    # shellcheck source=tests/live/sealed.sh
    . "$LIVE/sealed.sh"
    local pin guest=$BUILD/mailbox/guest
    sealed_up
    mailbox_up
    taken alice alice@sender.test -- "<bob=plain.test@$DOMAIN>" || die "no sealed mail: $WHY"
    link_for bob@plain.test || die "no link mail: $WHY"
    until_true grep -q '^X-Postseal-PIN:' /var/mail/alice || die 'no receipt for alice'
    pin=$(sed -n 's/^X-Postseal-PIN: *bob@plain.test *//p' /var/mail/alice)
    echo "alice@sender.test has sealed a mail to bob@plain.test, who has no TLS. He got this link:"
    echo "    $(grep -om 1 "https://$DOMAIN/#v1.[0-9A-Z]*" "$LINK")     PIN: $pin"
    if command -v nginx >/dev/null; then
        mailbox_proxy
        echo '    chromium --no-sandbox --ignore-certificate-errors LINK'
    fi
    [[ ! -x $guest ]] || echo "    $guest open $MAILBOX_PORT $LINK $pin \$WORLD/bob"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    set -euo pipefail
    world_enter "$0" "$@"
    world_up
    if (($#)); then
        "$@"
    else
        [[ -n ${POSTSEAL_BARE:-} ]] || world_sealed
        echo "The world is up; leave the shell to end it. \$WORLD is $WORLD."
        export WORLD LIVE REPO BUILD
        "$BASH" --rcfile <(printf ". '$LIVE/%s'\n" world.sh lib.sh sealed.sh) -i || true
    fi
fi
