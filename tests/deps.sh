#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Installs what a bare Debian lacks to build and test postseal.
#
#   tests/deps.sh [build|live|lint|check|watch|deb|bench|webmail|release|all]     (all, if not said)
#   tests/deps.sh --list [build|live|lint|check|watch|deb|bench|webmail|release|all]
#
# build  what the Makefile needs        live  what the live mail world needs
# lint   what looks for mistakes        check those three, all at once
# watch  what watches programs run, and fuzzes
# deb    what builds the package, and tries it
# bench  what some benchmarks are written in, or measured beside
# webmail  Roundcube, what serves it, and the browser it is tried in; not in all
# mailbox  what the pages of the temporary mailbox are tried in; not in all
# release  what makes a bare system of a release of Debian, and boots it; not in all
#
# With nothing missing it does nothing, as anybody and offline. Else it must be
# root. The mail and name servers are here for their programs: none of them is
# started on this machine, now or at the next boot.

set -euo pipefail

# Some archives have it in nodejs, and then none of its own.
npm_package() { command -v npm >/dev/null || echo npm; }

# Debian 13 has none; the plugin's lint says what it leaves out then.
phpcs_package() { grep -qsx 'VERSION_CODENAME=trixie' /etc/os-release || echo php-codesniffer; }

packages() {
    case $1 in
    build)
        echo build-essential pkg-config check
        echo libevent-dev libconfuse-dev libjansson-dev libidn2-dev libunistring-dev
        echo libssl-dev libldns-dev liblmdb-dev
        echo libcurl4-openssl-dev uthash-dev gpg gpg-agent libpq-dev
        ;;
    live)
        echo postfix nsd unbound ldnsutils openssl ca-certificates iproute2
        # What these two are no use without on a machine that keeps them, and only recommend.
        echo dns-root-data ssl-cert
        # What hosts share is tried on a real one, which the tests start for themselves.
        echo postgresql postgresql-client
        echo sasl2-bin libsasl2-modules lmdb-utils gnutls-bin jq python3 curl procps
        # `make check` builds the programs of the benchmarks, too.
        packages bench
        ;;
    lint)
        echo clang-format clang-tidy cppcheck shellcheck mandoc codespell systemd
        ;;
    check)
        packages build
        packages live
        packages lint
        ;;
    watch)
        echo clang libclang-rt-14-dev valgrind lcov
        ;;
    deb)
        echo debhelper lintian systemd
        ;;
    bench)
        # Of libmilter is the milter that does nothing, beside which ours is measured.
        echo python3 libmilter-dev
        ;;
    webmail)
        echo python3 chromium chromium-driver curl
        phpcs_package
        npm_package
        echo nginx php-fpm roundcube-core roundcube-sqlite3 dovecot-imapd
        ;;
    release)
        echo debootstrap systemd-container
        ;;
    mailbox)
        echo python3 chromium chromium-driver firefox-esr nodejs iproute2 nginx caddy openssl
        npm_package
        ;;
    all)
        packages check
        packages watch
        packages deb
        packages bench
        ;;
    *)
        echo "usage: ${0##*/} [--list] [build|live|lint|check|watch|deb|bench|webmail|release|all]" >&2
        exit 2
        ;;
    esac
}

SERVICES=(postfix nsd unbound nginx caddy dovecot php8.2-fpm php8.4-fpm postgresql)
POLICY=/usr/sbin/policy-rc.d

installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing() {
    local package
    for package in $(packages "$1"); do
        installed "$package" || echo "$package"
    done
}

# Debian asks policy-rc.d before it starts a service; 101 means "don't". One that
# is there already is somebody's decision, and stays.
forbid_starts() {
    if (set -o noclobber && printf '#!/bin/sh\nexit 101\n' >"$POLICY") 2>/dev/null; then
        trap 'rm -f "$POLICY"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
        chmod 755 "$POLICY"
    fi
}

# A Postfix that is new here gets no configuration, so it could not even start.
preseed_postfix() {
    installed postfix && return 0
    echo 'postfix postfix/main_mailer_type select No configuration' |
        debconf-set-selections
}

# Only what this script has brought in: a server the admin runs is left alone.
keep_off_at_boot() {
    local service
    command -v systemctl >/dev/null || return 0
    for service in "$@"; do
        systemctl disable --quiet "$service" 2>/dev/null || true
    done
}

new_services() {
    local service
    for service in "${SERVICES[@]}"; do
        [[ " $* " != *" $service "* ]] || echo "$service"
    done
}

install_all() {
    local fresh
    mapfile -t fresh < <(new_services "$@")
    export DEBIAN_FRONTEND=noninteractive
    forbid_starts
    [[ " $* " != *' postfix '* ]] || preseed_postfix
    apt-get update -q
    apt-get install -q -y --no-install-recommends "$@"
    keep_off_at_boot "${fresh[@]}"
}

main() {
    local list=false wanted
    if [[ ${1:-} == --list ]]; then
        list=true
        shift
    fi
    packages "${1:-all}" >/dev/null
    if $list; then
        packages "${1:-all}" | tr ' ' '\n'
        return
    fi
    command -v dpkg-query >/dev/null || {
        echo "${0##*/}: this is not Debian; see '${0##*/} --list' for what is needed" >&2
        return 1
    }
    mapfile -t wanted < <(missing "${1:-all}")
    ((${#wanted[@]})) || return 0
    echo "missing: ${wanted[*]}" >&2
    [[ $(id -u) == 0 ]] || {
        echo "as root: apt-get install --no-install-recommends ${wanted[*]}" >&2
        return 1
    }
    install_all "${wanted[@]}"
}

main "$@"
