# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A machine of its own to install postseal on: a copy of a bare Debian system with the Postfix
# of that release, booted by systemd-nspawn(1) inside the live world (tests/live/world.sh). It
# has the world's network, and so the world's Internet, and everything else is its own.
# Sourced after the world.
#
#   machine_make TREE PACKAGES GOODS   in the machine's network: fetches what it will install
#   machine_boot                       in the world's: returns when all its services are up
#   machine COMMAND...                 runs there, as root
#   machine_off                        ends it in good order
#
# TREE is the bare system, which stays as it is; PACKAGES a folder for what apt fetches; GOODS
# what is brought there, such as the packages of `make deb`: /packages in there. Who sources this
# has a function `machine_goods`, which fetches what these need; it runs there.

# Changes to TREE; kept for as long as the whole test takes.
MACHINE_UPPER=${MACHINE_UPPER:-}
MACHINE=$WORLD/machine

# machine_mount TREE ROOM: ROOM is on a disk, as an overlay's upper layer has to be.
machine_mount() {
    mkdir -p "$MACHINE" "$2"/{up,work}
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/up,workdir=$2/work" "$MACHINE"
}

# What an admin has before the first hour: Debian, and a Postfix for one site.
machine_make() {
    local tree=$1 packages=$2 goods=$3
    machine_mount "$tree" "$MACHINE_UPPER" || return
    mkdir -p "$packages/partial" "$MACHINE"/{packages,var/cache/apt/archives}
    mount --bind "$packages" "$MACHINE/var/cache/apt/archives" &&
        mount --bind "$goods" "$MACHINE/packages" &&
        mount -t proc proc "$MACHINE/proc" || return
    cp -L /etc/resolv.conf "$MACHINE/etc/resolv.conf"
    rm -f "$MACHINE/etc/apt/apt.conf.d/docker-clean"
    echo 'Binary::apt::APT::Keep-Downloaded-Packages "true"; APT::Keep-Downloaded-Packages "true";' \
        >"$MACHINE/etc/apt/apt.conf.d/99keep"
    echo "$ME" >"$MACHINE/etc/hostname"
    printf '127.0.0.1 localhost\n%s %s mail\n' "$ME_ADDR" "$ME" >"$MACHINE/etc/hosts"
    machine_in_chroot "$(declare -f machine_install machine_goods); machine_install" || return
    umount "$MACHINE"/{proc,packages,var/cache/apt/archives} "$MACHINE"
}

machine_in_chroot() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        ME="$ME" chroot "$MACHINE" /bin/bash -c "$1" </dev/null
}

machine_install() {
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    printf 'postfix postfix/%s\n' "main_mailer_type select Internet Site" "mailname string $ME" |
        debconf-set-selections
    apt-get update -q &&
        apt-get install -q -y --no-install-recommends systemd systemd-sysv dbus iproute2 procps \
            ca-certificates postfix &&
        machine_goods || return
    rm -f /usr/sbin/policy-rc.d
    useradd --create-home me
}

# The roots of this Internet, of names and of certificates, are the world's. (Where the
# package of the real ones is installed, it puts its own aside.)
machine_meets_world() {
    mkdir -p "$MACHINE/usr/share/dns" "$MACHINE/etc/unbound/unbound.conf.d" \
        "$MACHINE/usr/local/share/ca-certificates"
    cp "$DNS/keys/root.key" "$MACHINE/usr/share/dns/root.key"
    cp "$DNS/root.hints" "$MACHINE/etc/world.hints"
    cat >"$MACHINE/etc/unbound/unbound.conf.d/world.conf" <<-END
	server:
	    root-hints: "/etc/world.hints"
	    do-not-query-localhost: no
	    do-ip6: no
	    local-zone: "test." nodefault
	END
    cp "$PKI/ca.crt" "$MACHINE/usr/local/share/ca-certificates/world.crt"
    machine_in_chroot 'dpkg-divert --quiet --local --no-rename --divert /usr/share/dns/root.key.real \
        --add /usr/share/dns/root.key && update-ca-certificates >/dev/null'
}

# The site's own settings, and the provider's resolver, which is elsewhere.
machine_site() {
    echo "nameserver $DNS_RESOLVER" >"$MACHINE/etc/resolv.conf"
    machine_in_chroot "postconf -e 'inet_interfaces = 127.0.0.1, $ME_ADDR' \
        'mydestination = \$myhostname, sender.test, localhost'"
}

machine_boot() {
    local tree=$1 packages=$2 goods=$3
    machine_mount "$tree" "$MACHINE_UPPER" && machine_meets_world && machine_site || return
    job_start machine systemd-nspawn --quiet --boot --directory="$MACHINE" --register=no --keep-unit \
        --resolv-conf=off --timezone=off --link-journal=no --console=pipe \
        --bind="$packages:/var/cache/apt/archives" --bind-ro="$goods:/packages"
    until_true machine_init_or_end && machine_init || return
    until_true machine_up
}

# "degraded" is for the tests to find.
machine_up() {
    [[ $(machine systemctl is-system-running) =~ ^(running|degraded)$ ]]
}

# Its first process, as this world numbers it.
machine_init() {
    local init
    init=$(pgrep -P "${JOB[machine]}" | head -n 1)
    MACHINE_ENTER=(nsenter --target "$init" --all -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        HOME=/root LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive)
    [[ $init && $(cat "/proc/$init/comm") == systemd ]] && machine true
}

machine_init_or_end() {
    machine_init || ! job_running machine
}

machine() {
    "${MACHINE_ENTER[@]}" "$@"
}

machine_off() {
    machine systemctl poweroff >/dev/null 2>&1
    until_true machine_is_off || job_stop machine KILL
}

machine_is_off() {
    ! job_running machine
}
