# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The prober sees of a server what smtp(8) does with it

# matrix_rows: name, and the kind of server at each address.
matrix_rows() {
    "$BUILD/tests/peer" kinds | awk '{ print $1, $1 }'
    table "$LIVE/matrix.conf" | sed -n 's/^hosts *//p'
    echo 'legacy legacy'
}

# Row N's host is rN.matrix.test, with the addresses 127.0.10.N, 127.0.11.N, ...
matrix_up() {
    local row=0 at name kinds kind
    MATRIX=()
    while read -r name kinds; do
        row=$((row + 1)) at=10
        MATRIX+=("$name")
        addresses=()
        for kind in $kinds; do
            addresses+=("127.0.$at.$row")
            matrix_peer "$kind" "127.0.$at.$row"
            at=$((at + 1))
        done
        dns_set "r$row.matrix.test." A "${addresses[@]}"
    done < <(matrix_rows)
    dns_reload
    until_true matrix_listens || die "the peers do not listen"
}

# GnuTLS can leave out secure renegotiation (RFC 5746), which OpenSSL cannot; what it
# serves is the handshake, after STARTTLS from a peer in front of it.
matrix_peer() {
    case $1 in
    down) ;;
    legacy)
        (cd "$WORLD" && exec gnutls-serv --quiet --echo --port 4433 \
            --x509keyfile "$PKI/mx.tls.test.pem" --x509certfile "$PKI/mx.tls.test.pem" \
            --priority 'NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION') \
            </dev/null >/var/log/gnutls-serv.log 2>&1 &
        MATRIX_JOBS+=($!)
        "$BUILD/tests/peer" -t 600 legacy "$2" 25 127.0.0.1 </dev/null \
            >"/var/log/matrix-$2.log" 2>&1 &
        MATRIX_JOBS+=($!)
        ;;
    *)
        "$BUILD/tests/peer" -t 600 "$1" "$2" 25 </dev/null >"/var/log/matrix-$2.log" 2>&1 &
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
}

# smtp(8) as the prober takes it to be: level encrypt, and time-outs as short.
matrix_postfix() {
    local row
    for ((row = 1; row <= ${#MATRIX[@]}; row++)); do
        echo "r$row.matrix.test matrix:[r$row.matrix.test]"
    done >/etc/postfix/matrix
    postconf -M 'matrix/unix=matrix unix - - n - 200 smtp -o syslog_name=postfix/matrix'
    postconf -P 'matrix/unix/smtp_tls_policy_maps=' \
        'matrix/unix/smtp_tls_security_level=encrypt' \
        'matrix/unix/smtp_dns_support_level=enabled' \
        'matrix/unix/smtp_connect_timeout=3s' 'matrix/unix/smtp_helo_timeout=3s' \
        'matrix/unix/smtp_starttls_timeout=3s' 'matrix/unix/smtp_mail_timeout=3s' \
        'matrix/unix/smtp_quit_timeout=1s'
    MATRIX_MAPS=$(postconf -nh transport_maps)
    postconf -e 'transport_maps = texthash:/etc/postfix/matrix'
    reload
}

matrix_restore() {
    if [[ $MATRIX_MAPS ]]; then postconf -e "transport_maps = $MATRIX_MAPS"
    else postconf -X transport_maps; fi
    postconf -MX matrix/unix
    reload
}

# What Postfix did, from its own words: peers refuse MAIL, and say how it came to them.
matrix_delivery() {
    local line
    line=$(grep -E ": to=<x@$1>,.* status=" "$SENDER_LOG" | tail -n 1)
    case $line in
    *'reached over tls'*) echo tls ;;
    *'reached in clear'*) echo clear ;;
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

matrix_probes() {
    local row
    for ((row = 1; row <= ${#MATRIX[@]}; row++)); do
        echo "[r$row.matrix.test]"
    done | xargs -P 32 -I '{}' "$BUILD/postseal" -c "$SEAL_CONF" probe '{}' >/dev/null
}

matrix_probe() {
    postseal explain --json "[$1]" | jq -r '[.. | objects | select(has("observed"))][0].observed'
}

# Which words mean the same. Of several addresses, what Postfix tells is of the last one,
# in an order that is its own: it says "tls" or something else.
matrix_same() {
    local delivery=$1 probe=$2 name=$3
    case $delivery/$probe in
    tls/tls | plain/plain | tls-failed/tls-failed | failed/unreachable | failed/tls-failed) ;;
    tls/* | */tls | clear/*) return 1 ;;
    *) [[ $name == *+* || $name == four ]] ;;
    esac
}

matrix_agrees() {
    local host=r$1.matrix.test name=$2 delivery probe expected
    delivery=$(matrix_delivery "$host")
    probe=$(matrix_probe "$host")
    expected=$(table "$LIVE/matrix.conf" | awk -v name="$name" \
        '$1 == "differs" && $2 == name { print $3, $4 }')
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
matrix_probes
until_true matrix_delivered || note 'Postfix has not tried all of them'
for ((row = 1; row <= ${#MATRIX[@]}; row++)); do
    check "${MATRIX[row - 1]}" matrix_agrees "$row" "${MATRIX[row - 1]}"
done
matrix_restore
matrix_down
