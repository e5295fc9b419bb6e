# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# `postseal setup` in this world, which has no systemd: what stands for it. For cases.
#
#   setup_up, setup_down   systemctl(1) and the installed examples; room for copies
#   setup_pids             after the daemons were started anew: systemctl has to know
#   set_up ARG...          postseal setup, with that systemctl
#   status_is N COMMAND... its exit status; its output is for
#   out_has TEXT
#   keep_postfix NAME      notes /etc/postfix and the settings as they are
#   as_it_was NAME         they are byte for byte what they were then
#
# What systemctl was told stands in $WORLD/systemctl.log.

SETUP_BIN=$WORLD/setup-bin

# The services that a part starts, as their units have them; they end when they are told to.
setup_services() {
    cat >"$SETUP_BIN/start" <<-END
	#!/bin/bash
	name=\${1#postseal-}
	[[ ! -e "$WORLD/pid-\$name" ]] || "$SETUP_BIN/stop" "\$1"
	touch "/var/log/\$1.log"
	before=\$(grep -c READY "/var/log/\$1.log")
	"$BUILD/\$1" -c "$SEAL_CONF" -u postseal </dev/null >>"/var/log/\$1.log" 2>&1 &
	echo \$! >"$WORLD/pid-\$name"
	for ((i = 0; i < 20 * $PATIENCE; i++)); do
	    ((\$(grep -c READY "/var/log/\$1.log") > before)) && exit 0
	    kill -0 \$! 2>/dev/null || exit 1
	    sleep 0.05
	done
	exit 1
	END
    cat >"$SETUP_BIN/stop" <<-END
	#!/bin/bash
	name=\${1#postseal-}
	[[ -e "$WORLD/pid-\$name" ]] || exit 0
	pid=\$(cat "$WORLD/pid-\$name")
	rm -f "$WORLD/pid-\$name"
	kill "\$pid" || exit 0
	for ((i = 0; i < 20 * $PATIENCE; i++)); do
	    # The world's own, which it has not waited for yet, is a zombie.
	    grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/\$pid/status" || exit 0
	    sleep 0.05
	done
	exit 1
	END
    chmod 755 "$SETUP_BIN"/*
}

# Every other address of this machine may be a peer's, so the site listens on ours alone.
setup_nginx() {
    cat >"$SETUP_BIN/nginx" <<-END
	#!/bin/bash
	{
	    printf '%s\n' 'user root;' "pid $WORLD/nginx.pid;" 'events {}' 'http {'
	    for name in client_body proxy fastcgi uwsgi scgi; do
	        echo "\${name}_temp_path $WORLD/nginx-\$name;"
	    done
	    sed -e "s/listen 443/listen $ME_ADDR:443/" -e '/listen \[::\]/d' /etc/nginx/sites-enabled/postseal-sealed
	    echo '}'
	} >"$WORLD/nginx.conf"
	if ! [[ -x /usr/sbin/nginx ]]; then
	    "$LIVE/tlsfront" "$ME_ADDR" 443 "$PKI/sealed.sender.test.pem" 8690 </dev/null >/dev/null 2>&1 &
	    echo \$! >"$WORLD/nginx.pid"
	    for ((i = 0; i < 20 * $PATIENCE; i++)); do
	        (: <"/dev/tcp/$ME_ADDR/443") 2>/dev/null && exit 0
	        sleep 0.05
	    done
	    exit 1
	fi
	mkdir -p /var/log/nginx
	exec /usr/sbin/nginx -c "$WORLD/nginx.conf" -e /var/log/nginx/error.log
	END
    chmod 755 "$SETUP_BIN/nginx"
}

setup_pids() {
    local name
    for name in "${SEAL_DAEMONS[@]}"; do
        echo "${JOB[postseal-$name]}" >"$WORLD/pid-$name"
    done
}

setup_up() {
    # Who learns may read the log, as its unit has it; Postfix 3.10 makes it for root alone.
    chgrp postseal "$SENDER_LOG"
    chmod 640 "$SENDER_LOG"
    # This mount is the world's own; what is below is not written to.
    mount -t tmpfs backups /var/backups
    setup_systemctl
    setup_services
    setup_nginx
    setup_pids
    setup_examples
}

# The world's own are started anew by whoever has set up.
setup_down() {
    local name
    for name in "${SEAL_DAEMONS[@]}"; do
        [[ $(cat "$WORLD/pid-$name") == "${JOB[postseal-$name]}" ]] || "$SETUP_BIN/stop" "postseal-$name"
    done
    umount /var/backups
    umount "$(findmnt -nro TARGET -S doc)"
    rm -rf /run/systemd/system
}

# What a machine with systemd has, in terms of this world: it notes what it is told.
setup_systemctl() {
    mkdir -p "$SETUP_BIN" /run/systemd/system
    : >"$WORLD/systemctl.log"
    cat >"$SETUP_BIN/systemctl" <<-END
	#!/bin/bash
	echo "\$*" >>"$WORLD/systemctl.log"
	case "\$*" in
	'restart postfix') exec postfix reload ;;
	'reload postseal-'*) kill -s HUP "\$(cat "$WORLD/pid-\${2#postseal-}")" ;;
	'restart postseal.target')
	    # Where it listens, the milter reads at its start alone.
	    kill -s HUP \$(cat "$WORLD"/pid-{prober,socketmap}) && "$SETUP_BIN/start" postseal-milter
	    ;;
	'restart postseal-mailbox' | 'restart postseal-milter') "$SETUP_BIN/start" "\$2" ;;
	'restart postseal-share') "$SETUP_BIN/start" "\$2" ;;
	'disable --now '*) "$SETUP_BIN/stop" "\$3" ;;
	'reload-or-restart nginx') "$SETUP_BIN/nginx" ;;
	'reload nginx') kill -s HUP "\$(cat "$WORLD/nginx.pid")" ;;
	'is-enabled --quiet postseal-milter') ;;
	is-enabled*) exit 1 ;;
	'enable --now postseal-learn')
	    exec setpriv --reuid postseal --regid postseal --init-groups \
	        "$BUILD/postseal" -c "$SEAL_CONF" learn "$SENDER_LOG" ;;
	'enable '*) ;;
	show*) exit 1 ;;
	esac
	END
    chmod 755 "$SETUP_BIN/systemctl"
}

# As an installer leaves the examples.
setup_examples() {
    local dir
    dir=$(grep -aoE '/[a-z/]+/examples/postfix/postseal-status-filter' "$BUILD/postseal" | head -n 1)
    mount -t tmpfs doc "$(cut -d/ -f1-4 <<<"$dir")"
    mkdir -p "${dir%/*}"
    cp "$REPO"/postfix-examples/* "${dir%/*}"
    cp -r "$REPO/examples/mailbox" "${dir%/*/*}"
}

set_up() {
    PATH=$SETUP_BIN:$PATH postseal setup "$@"
}

keep_postfix() {
    mkdir -p "$WORLD/$1"
    rm -f "$WORLD/$1"/*
    cp -p /etc/postfix/*.cf "$WORLD/$1"
    cp -p "$SEAL_CONF" "$WORLD/$1/settings"
    ls /etc/postfix >"$WORLD/$1/names"
    stat -c '%n %a %u %g' /etc/postfix/*.cf >"$WORLD/$1/owners"
}

as_it_was() {
    local file
    for file in "$WORLD/$1"/*.cf; do
        cmp "$file" "/etc/postfix/${file##*/}" || return
    done
    cmp "$WORLD/$1/settings" "$SEAL_CONF" && diff "$WORLD/$1/names" <(ls /etc/postfix) &&
        diff "$WORLD/$1/owners" <(stat -c '%n %a %u %g' /etc/postfix/*.cf)
}

status_is() {
    local want=$1 status=0
    shift
    "$@" >"$WORLD/setup.out" 2>&1 || status=$?
    equals "$status" "$want" || because "$(tail -n 20 "$WORLD/setup.out")"
}

out_has() {
    grep -qF -- "$1" "$WORLD/setup.out" || because "no \"$1\" in: $(tail -n 40 "$WORLD/setup.out")"
}
