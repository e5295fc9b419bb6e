# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The prober sees of a server what smtp(8) does with it

# matrix_rows: how Postfix and the prober are set up, a name, and the kind of server at each
# address; of those with TLSA records the kind and the records.
matrix_rows() {
    "$BUILD/tests/peer" kinds | awk '{ print "hosts", $1, $1 }'
    table "$LIVE/matrix.conf" | grep -v '^differs'
    echo 'hosts legacy legacy'
}

# Row N's host is rN.matrix.test, with the addresses 127.0.10.N, 127.0.11.N, ... or
# fd10:10::N, ...
matrix_up() {
    local row=0 how name words
    MATRIX=() MATRIX_HOW=()
    while read -r how name words; do
        row=$((row + 1))
        MATRIX+=("$name")
        MATRIX_HOW+=("$how")
        if [[ $how == dane ]]; then
            read -r words records <<<"$words"
            matrix_tlsa "$row" "$words" "$records"
        fi
        matrix_host "$row" "$words"
    done < <(matrix_rows)
    dns_reload
    until_true matrix_listens || die "the peers do not listen"
}

matrix_host() {
    local row=$1 word at=10 v4=() v6=()
    for word in $2; do
        case $word in
        6/*)
            v6+=("fd10:$at::$row")
            ip -6 address add "fd10:$at::$row/128" dev lo nodad    # else it cannot be bound to at once
            matrix_peer "${word#*/}" "fd10:$at::$row" "$row"
            ;;
        1/*)
            v6+=(::1)
            matrix_peer "${word#*/}" ::1 "$row"
            ;;
        *)
            v4+=("127.0.$at.$row")
            matrix_peer "$word" "127.0.$at.$row" "$row"
            ;;
        esac
        at=$((at + 1))
    done
    dns_set "r$row.matrix.test." A "${v4[@]}"
    dns_set "r$row.matrix.test." AAAA "${v6[@]}"
}

# matrix_tlsa ROW KIND RECORDS: the host's key, and what DNS says of it.
matrix_tlsa() {
    local key=$WORLD/matrix-$1.key word data=()
    case $2 in
    rsa-* | md5) pki_openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out "$key" ;;
    *) pki_openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$key" ;;
    esac
    for word in $3; do
        case $word in
        right) data+=("3 1 1 $(matrix_digest "$key" sha256)") ;;
        sha512) data+=("3 1 2 $(matrix_digest "$key" sha512)") ;;
        wrong) data+=("3 1 1 $(printf '%064d' 7)") ;;
        esac
    done
    dns_set "_25._tcp.r$1.matrix.test." TLSA "${data[@]}"
}

matrix_digest() {
    openssl pkey -in "$1" -pubout -outform DER | "$2sum" | cut -d' ' -f1
}

# GnuTLS can leave out secure renegotiation (RFC 5746), which OpenSSL cannot; what it
# serves is the handshake, after STARTTLS from a peer in front of it.
matrix_peer() {
    local log="/var/log/matrix-${2//:/_}.log" key=()
    [[ ! -e $WORLD/matrix-$3.key ]] || key=(-k "$WORLD/matrix-$3.key")
    case $1 in
    down) ;;
    legacy)
        (cd "$WORLD" && exec gnutls-serv --quiet --echo --port 4433 \
            --x509keyfile "$PKI/mx.tls.test.pem" --x509certfile "$PKI/mx.tls.test.pem" \
            --priority 'NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION') \
            </dev/null >/var/log/gnutls-serv.log 2>&1 &
        MATRIX_JOBS+=($!)
        "$BUILD/tests/peer" -t 600 legacy "$2" 25 127.0.0.1 </dev/null \
            >"$log" 2>&1 &
        MATRIX_JOBS+=($!)
        ;;
    *)
        "$BUILD/tests/peer" -t 600 "${key[@]}" "$1" "$2" 25 </dev/null >"$log" 2>&1 &
        MATRIX_JOBS+=($!)
        ;;
    esac
}

matrix_listens() {
    [[ $(cat /var/log/matrix-*.log | grep -c READY) == $(find /var/log -name 'matrix-*.log' | wc -l) ]]
}

matrix_down() {
    kill "${MATRIX_JOBS[@]}"
    wait "${MATRIX_JOBS[@]}" 2>/dev/null || true
    ip -6 address flush dev lo to fd10::/16
}

# smtp(8) as the prober takes it to be: at the level it will be told, and time-outs as short.
matrix_postfix() {
    local row how
    for ((row = 1; row <= ${#MATRIX[@]}; row++)); do
        echo "r$row.matrix.test ${MATRIX_HOW[row - 1]}:[r$row.matrix.test]"
    done >/etc/postfix/matrix
    for how in hosts ipv4 newer named nopix dane; do
        postconf -M "$how/unix=$how unix - - n - 200 smtp -o syslog_name=postfix/matrix"
        postconf -P "$how/unix/smtp_tls_policy_maps=" \
            "$how/unix/smtp_tls_security_level=encrypt" \
            "$how/unix/smtp_dns_support_level=enabled" \
            "$how/unix/smtp_connect_timeout=3s" "$how/unix/smtp_helo_timeout=3s" \
            "$how/unix/smtp_starttls_timeout=3s" "$how/unix/smtp_mail_timeout=3s" \
            "$how/unix/smtp_quit_timeout=1s"
    done
    postconf -P ipv4/unix/inet_protocols=ipv4 'newer/unix/smtp_tls_mandatory_protocols=>=TLSv1.2' \
        named/unix/smtp_tls_servername=hostname nopix/unix/smtp_pix_workarounds=delay_dotcrlf \
        dane/unix/smtp_tls_security_level=dane-only \
        dane/unix/smtp_dns_support_level=dnssec
    MATRIX_MAPS=$(postconf -nh transport_maps)
    postconf -e 'transport_maps = texthash:/etc/postfix/matrix'
    reload
}

matrix_restore() {
    if [[ $MATRIX_MAPS ]]; then postconf -e "transport_maps = $MATRIX_MAPS"
    else postconf -X transport_maps; fi
    postconf -MX hosts/unix ipv4/unix newer/unix named/unix nopix/unix dane/unix
    rm -f "$WORLD"/matrix-*.key
    reload
}

# What Postfix did, from its own words: peers refuse MAIL, and say how it came to them.
matrix_delivery() {
    local line
    line=$(grep -E ": to=<x@$1>,.* status=" "$SENDER_LOG" | tail -n 1)
    case $line in
    *'reached over tls'*) echo tls ;;
    *'reached in clear'*) echo clear ;;
    *'Server certificate not verified'* | *'Server certificate not trusted'*) echo unproven ;;
    *'TLS is required, but was not offered'*) echo plain ;;
    *'TLS is required, but host '*' refused to start TLS'* | *'Cannot start TLS'*) echo tls-failed ;;
    *' status='*) echo failed ;;
    esac
}

matrix_delivered() {
    local row
    for ((row = 1; row <= ${#MATRIX[@]}; row++)); do
        [[ $(matrix_delivery "r$row.matrix.test") ]] || return 1
    done
}

# matrix_probes HOW...: those rows.
matrix_probes() {
    local row
    for ((row = 1; row <= ${#MATRIX[@]}; row++)); do
        [[ " $* " != *" ${MATRIX_HOW[row - 1]} "* ]] || echo "[r$row.matrix.test]"
    done | xargs -P 32 -I '{}' "$BUILD/postseal" -c "$SEAL_CONF" probe '{}' >/dev/null
}

# With TLSA records a server that does not match is none that mail goes to.
matrix_probe() {
    postseal explain --json "[$1]" | jq -r --arg how "$2" '
        [.. | objects | select(has("observed"))][0] |
        if $how == "dane" and .observed == "tls" and .verified != "dane" then "unproven"
        else .observed end'
}

# Which words mean the same. Of several addresses, what Postfix tells is of the last one,
# in an order that is its own: it says "tls" or something else.
matrix_same() {
    local delivery=$1 probe=$2 name=$3
    case $delivery/$probe in
    tls/tls | plain/plain | unproven/unproven | tls-failed/tls-failed | failed/unreachable | failed/tls-failed) ;;
    tls/* | */tls | clear/* | unproven/* | */unproven) return 1 ;;
    *) [[ $name == *+* || $name == four ]] ;;
    esac
}

# matrix_counts WHY: "From X.Y: ..." is of Postfix X.Y and later.
matrix_counts() {
    [[ ! $1 =~ ^From\ ([0-9.]+): ]] ||
        printf '%s\n' "${BASH_REMATCH[1]}" "$(postconf -h mail_version)" | sort --check=quiet --version-sort
}

matrix_agrees() {
    local host=r$1.matrix.test name=$2 delivery probe expected
    delivery=$(matrix_delivery "$host")
    probe=$(matrix_probe "$host" "${MATRIX_HOW[$1 - 1]}")
    expected=$(table "$LIVE/matrix.conf" | while read -r word kind does says why; do
        [[ $word != differs || $kind != "$name" ]] || ! matrix_counts "$why" || echo "$does $says"
    done)
    if [[ $expected ]]; then
        equals "$delivery $probe" "$expected"
    else
        matrix_same "$delivery" "$probe" "$name" ||
            because "Postfix: $delivery; the prober: $probe"$'\n'"$(
                grep -E ": to=<x@$host>,.* status=" "$SENDER_LOG" | tail -n 1)"$'\n'"$(
                grep -F "host=$host:25" "$(seal_log prober)" | tail -n 1)"
    fi
}

MATRIX_JOBS=()
matrix_up
matrix_postfix
mapfile -t recipients < <(seq -f 'x@r%.0f.matrix.test' "${#MATRIX[@]}")
mail_send alice@sender.test "${recipients[@]}"
matrix_probes hosts dane
# matrix_probes_with SETTING VALUE DEFAULT HOW: where postseal.conf says so, as main.cf does.
matrix_probes_with() {
    seal_setting "$1" "$2"
    seal_restart
    matrix_probes "$4"
    seal_setting "$1" "$3"
}
matrix_probes_with inet_protocols '{"ipv4"}' '{"ipv4", "ipv6"}' ipv4
matrix_probes_with smtp_min_tls TLSv1.2 TLSv1 newer
matrix_probes_with smtp_servername hostname none named
matrix_probes_with smtp_pix_workarounds false true nopix
seal_restart
until_true matrix_delivered || note 'Postfix has not tried all of them'
for ((row = 1; row <= ${#MATRIX[@]}; row++)); do
    check "${MATRIX[row - 1]}" matrix_agrees "$row" "${MATRIX[row - 1]}"
done
matrix_restore
matrix_down
