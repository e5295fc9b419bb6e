# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The world's DNS. NSD on 127.0.0.2 serves the root and three zones below it
# from zones/*.zone, signed here with keys made here; Unbound on 127.0.0.1
# (DNS_RESOLVER), which everybody asks, validates them from the root's key.
#
#   dns_set NAME TYPE [DATA...]   these records, one an argument, instead of all
#                                 of that name and type (none: just remove them)
#   dns_poison NAME TYPE          spoil the signature, so the look-up fails
#   dns_heal NAME TYPE            and mend it
#   dns_reload                    sign, serve and make everybody forget: returns
#                                 when the next question gets the new answer
#   dns_down, dns_back            the authoritative server fails: every name
#                                 SERVFAILs
#   dns_freeze, dns_thaw          the resolver hangs: no answer at all
#   dns_validate on|off           the resolver starts anew, and validates or not
#   dns_addr HOST                 the host's address, from the zone
#
# Names are full and end in a dot, as in the zone files.

DNS=$WORLD/dns
DNS_AUTH=127.0.0.2
DNS_RESOLVER=${DNS_RESOLVER:-127.0.0.1}
DNS_ZONES=(. test insecure.test bogus.test)
DNS_SERIAL=1
DNS_MODULES='validator iterator'

# The file a zone is edited in; its signed form is $DNS/NAME.signed.
dns_file() {
    local zone=${1%.}
    echo "$DNS/${zone:-root}.zone"
}

dns_up() {
    mkdir -p "$DNS/keys"
    local zone
    for zone in "${DNS_ZONES[@]}"; do
        dns_keygen "$zone"
    done
    for zone in "${DNS_ZONES[@]}"; do
        dns_fill "$zone"
    done
    table "$LIVE/zones/poison.conf" >"$DNS/poison"
    dns_sign_all
    dns_nsd_start
    dns_unbound_start
}

# One key a zone signs all of it; the unsigned zone has none.
dns_keygen() {
    local zone=${1%.} base
    [[ $1 != insecure.test ]] || return 0
    base=$(cd "$DNS/keys" && ldns-keygen -k -a ECDSAP256SHA256 \
        -r /dev/urandom "${zone:-.}")
    mv "$DNS/keys/$base.key" "$DNS/keys/${zone:-root}.key"
    mv "$DNS/keys/$base.private" "$DNS/keys/${zone:-root}.private"
    rm -f "$DNS/keys/$base.ds"
}

# dns_ds ZONE: the data of its DS record.
dns_ds() {
    local zone=${1%.}
    ldns-key2ds -n -2 "$DNS/keys/${zone:-root}.key" | sed 's/.*[[:space:]]DS[[:space:]]*//'
}

# From the zone file in the tree to the one that is edited: digests filled in.
dns_fill() {
    local zone=${1%.} file word edits=()
    file=$LIVE/zones/${zone:-root}.zone
    while read -r word; do
        edits+=(-e "s/$word/$(dns_word "$word")/")
    done < <(grep -v '^;' "$file" | grep -o '@[^@ ]*@' | sort -u)
    sed -e '/^;/d' -e '/^[[:space:]]*$/d' "${edits[@]}" "$file" \
        >"$(dns_file "$1")"
}

# dns_word @WORD@: what it stands for.
dns_word() {
    local word=${1//@/}
    case $word in
    ds:*) dns_ds "${word#ds:}" ;;
    spki:*) pki_spki "${word#spki:}" ;;
    ca) pki_ca_digest ;;
    nobody) printf 'no key has this digest' | sha256sum | cut -d' ' -f1 ;;
    *) die "unknown word in a zone file: $1" ;;
    esac
}

dns_addr() {
    awk -v name="$1." '$1 == name && $2 == "A" { print $3; found = 1; exit }
        END { exit !found }' "$DNS"/*.zone || die "no address for $1"
}

dns_zone_of() {
    case ${1%.} in
    insecure.test | *.insecure.test) echo insecure.test ;;
    bogus.test | *.bogus.test) echo bogus.test ;;
    *) echo test ;;
    esac
}

dns_set() {
    local name=$1 type=$2 file data
    file=$(dns_file "$(dns_zone_of "$1")")
    shift 2
    awk -v name="$name" -v type="$type" '!($1 == name && $2 == type)' \
        "$file" >"$file.new"
    for data in "$@"; do
        printf '%s %s %s\n' "$name" "$type" "$data"
    done >>"$file.new"
    mv "$file.new" "$file"
}

dns_poison() {
    printf '%s %s\n' "$1" "$2" >>"$DNS/poison"
}

dns_heal() {
    awk -v name="$1" -v type="$2" '!($1 == name && $2 == type)' \
        "$DNS/poison" >"$DNS/poison.new"
    mv "$DNS/poison.new" "$DNS/poison"
}

dns_sign_all() {
    DNS_SERIAL=$((DNS_SERIAL + 1))
    local zone
    for zone in "${DNS_ZONES[@]}"; do
        dns_sign "$zone"
    done
}

# A short TTL keeps what resolvers remember of one test out of the next.
dns_sign() {
    local zone=${1%.} file signed
    file=$(dns_file "$1")
    signed=$DNS/${zone:-root}.signed
    {
        # shellcheck disable=SC2016 # $TTL is the zone file's
        printf '$TTL 60\n%s. SOA ns.test. root.test. %d 3600 600 86400 5\n' \
            "$zone" "$DNS_SERIAL"
        printf '%s. NS ns.test.\n' "$zone"
        cat "$file"
    } >"$file.full"
    case $1 in
    insecure.test) cp "$file.full" "$signed" ;;
    bogus.test) dns_signzone "$1" -i 20200101000000 -e 20200201000000 ;;
    *) dns_signzone "$1" && dns_spoil "$signed" ;;
    esac
}

dns_signzone() {
    local zone=${1%.}
    local name=${zone:-root}
    shift
    ldns-signzone "$@" -o "${zone:-.}" -f "$DNS/$name.signed" \
        "$DNS/$name.zone.full" "$DNS/keys/$name" ||
        die "cannot sign ${zone:-the root}"
}

# Changes one letter of the signatures over what the poison list names.
dns_spoil() {
    awk 'NR == FNR { bad[$1, $2] = 1; next }
        $4 == "RRSIG" && (($1, $5) in bad) {
            first = substr($NF, 1, 1)
            $NF = (first == "A" ? "B" : "A") substr($NF, 2)
        }
        { print }' "$DNS/poison" "$1" >"$1.spoilt"
    mv "$1.spoilt" "$1"
}

dns_nsd_conf() {
    cat <<-END
	server:
	    ip-address: $DNS_AUTH
	    username: ""
	    zonesdir: "$DNS"
	    database: ""
	    zonelistfile: "$DNS/nsd-zone.list"
	    xfrdfile: ""
	    xfrdir: "$DNS"
	    pidfile: ""
	    server-count: 1
	    rrl-ratelimit: 0
	    refuse-any: no
	remote-control:
	    control-enable: yes
	    control-interface: "$DNS/nsd.sock"
	END
    local zone
    for zone in "${DNS_ZONES[@]}"; do
        zone=${zone%.}
        printf 'zone:\n    name: "%s."\n    zonefile: "%s.signed"\n' \
            "$zone" "${zone:-root}"
    done
}

dns_nsd_run() {
    job_start nsd nsd -d -c "$DNS/nsd.conf"
    until_true nsd-control -c "$DNS/nsd.conf" status || die "nsd does not start"
}

dns_nsd_start() {
    dns_nsd_conf >"$DNS/nsd.conf"
    dns_nsd_run
    until_true dns_served || die "nsd does not serve the zones"
}

# Do all zones answer with the serial just signed?
dns_served() {
    local zone
    for zone in "${DNS_ZONES[@]}"; do
        zone=${zone%.}
        grep -qw "$DNS_SERIAL" <<<"$(drill -Q "@$DNS_AUTH" SOA "$zone.")" ||
            return 1
    done
}

dns_unbound_conf() {
    cat <<-END
	server:
	    interface: $DNS_RESOLVER
	    interface: $ME_ADDR
	    access-control: 127.0.0.0/8 allow
	    access-control: $OUTSIDE_ADDR/32 allow
	    access-control: $DNS_RESOLVER/32 allow
	    do-not-query-localhost: no
	    do-ip6: no
	    username: ""
	    chroot: ""
	    directory: "$DNS"
	    pidfile: ""
	    do-daemonize: no
	    use-syslog: no
	    logfile: ""
	    num-threads: 1
	    module-config: "$DNS_MODULES"
	    trust-anchor-file: "$DNS/root.anchor"
	    root-hints: "$DNS/root.hints"
	    # Unbound answers "test." and loopback's reverse zones itself otherwise.
	    local-zone: "test." nodefault
	    # A server that was down for a test is asked again as soon as it is back.
	    infra-host-ttl: 1
	    infra-keep-probing: yes
	    val-bogus-ttl: 1
	    cache-max-negative-ttl: 5
	remote-control:
	    control-enable: yes
	    control-interface: "$DNS/unbound.sock"
	    control-use-cert: no
	END
}

dns_unbound_start() {
    cp "$DNS/keys/root.key" "$DNS/root.anchor"
    printf '. NS ns.test.\nns.test. A %s\n' "$DNS_AUTH" >"$DNS/root.hints"
    dns_unbound_conf >"$DNS/unbound.conf"
    job_start unbound unbound -d -c "$DNS/unbound.conf"
    # Asked before it listens, drill would wait seconds before it asks again.
    until_true dns_control status || die "unbound does not start"
    until_true dns_validates || die "unbound does not validate the zones"
}

# The world's DNS is as it should be: signed names proven, the unsigned zone
# answered and unproven, the bogus one refused.
dns_validates() {
    dns_ad MX dane.test && ! dns_ad MX insecure.test &&
        [[ $(dns_rcode MX insecure.test) == NOERROR ]] &&
        [[ $(dns_rcode MX bogus.test) == SERVFAIL ]]
}

dns_ad() {
    grep -q '^;; flags:.* ad' <<<"$(drill -D "@$DNS_RESOLVER" "$1" "$2")"
}

dns_rcode() {
    drill "@$DNS_RESOLVER" "$1" "$2" | sed -n 's/.*rcode: \([A-Z]*\),.*/\1/p'
}

dns_control() {
    unbound-control -c "$DNS/unbound.conf" "$@" >/dev/null
}

# How many questions Unbound has dropped because it had as many on hand as it takes.
dns_dropped() {
    unbound-control -c "$DNS/unbound.conf" stats_noreset |
        awk -F= '/^total\.requestlist\.(exceeded|overwritten)=/ {shown++; n += $2}
            END {print n; exit shown != 2}'
}

dns_forget() {
    dns_control flush_zone .
    dns_control flush_bogus
    dns_control flush_negative
    dns_control flush_infra all
}

dns_reload() {
    dns_sign_all
    nsd-control -c "$DNS/nsd.conf" reload >/dev/null
    until_true dns_served || die "nsd does not serve the changed zones"
    dns_forget
}

# Its zone files gone, NSD answers SERVFAIL to everything, at once.
dns_down() {
    job_stop nsd || true
    mkdir -p "$DNS/away"
    mv "$DNS"/*.signed "$DNS/away"
    dns_nsd_run
    dns_forget
}

dns_back() {
    job_stop nsd || true
    mv "$DNS"/away/*.signed "$DNS"
    dns_nsd_start
    dns_forget
    until_true dns_ad MX dane.test || die "the DNS does not come back"
}

dns_validate() {
    DNS_MODULES=iterator
    [[ $1 == off ]] || DNS_MODULES='validator iterator'
    dns_unbound_conf >"$DNS/unbound.conf"
    job_stop unbound || true
    job_start unbound unbound -d -c "$DNS/unbound.conf"
    until_true dns_control status || die "unbound does not start again"
    if [[ $1 == on ]]; then until_true dns_ad MX dane.test; else until_true dns_answered; fi ||
        die "unbound does not validate: $1"
}

dns_answered() {
    [[ $(dns_rcode MX dane.test) == NOERROR ]]
}

# The resolver itself: stopped dead, so that questions stay without any answer.
dns_freeze() {
    job_freeze unbound
}

dns_thaw() {
    job_thaw unbound
}

# A name server that takes questions and never says anything; "bound" once it does.
silent_dns() { # ADDRESS
    exec python3 -B -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
print("bound", flush=True)
time.sleep(3600)' "$1"
}
