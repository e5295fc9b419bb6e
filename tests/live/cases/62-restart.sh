# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The socketmap server is restarted behind systemd's socket: Postfix notices nothing

HOLE=127.0.3.9                  # takes connections, and answers nothing at all

# As postseal-socketmap.socket has it: somebody else holds the socket.
activated_start() {
    seal_stop socketmap || die "postseal-socketmap ended with status $?"
    local ready wrap
    ready=$(grep -c READY "$(seal_log socketmap)" || true)
    read -ra wrap <<<"${POSTSEAL_WRAP:-}"
    job_start postseal-socketmap "$LIVE/activate" 127.0.0.1 7672 "${wrap[@]}" \
        "$BUILD/postseal-socketmap" -c "$SEAL_CONF" -u postseal
    until_true seal_settled socketmap "$ready"
}

activated_restart() {
    local ready
    ready=$(grep -c READY "$(seal_log socketmap)" || true)
    kill -s HUP "${JOB[postseal-socketmap]}"
    until_true seal_settled socketmap "$ready"
}

# A connection for each question, as a new process of Postfix has it.
ask_anew() {
    until [[ -e $WORLD/asked-enough ]]; do
        postmap -q tls.test "$SOCKETMAP:policy" || echo "status $?"
        echo >>"$WORLD/asked-anew"
    done
}

# One connection for all of them, until Postfix has had it for 100 s.
ask_on() {
    until [[ -e $WORLD/asked-enough ]]; do
        echo tls.test
        echo >>"$WORLD/asked-on"
        sleep 0.002
    done | postmap -q - "$SOCKETMAP:policy"
}

# asked_more FILE COUNT: there are more lines in it.
asked_more() {
    (($(wc -l <"$1") > $2))
}

between_restarts() {
    local file
    for file in "$WORLD/asked-anew" "$WORLD/asked-on"; do
        until_true asked_more "$file" "$(($(wc -l <"$file") + 5))" || return
    done
}

# only FILE LINE: nothing but that line, and that often.
only() {
    local other
    other=$(grep -vxF "$2" "$1" | head -n 3)
    [[ -s $1 && -z $other ]] || because "${other:-nothing at all}"
}

answer policy tls.test >/dev/null
check 'started by its socket' activated_start
check 'answers by its socket' answers tls.test encrypt
touch "$WORLD/asked-anew" "$WORLD/asked-on"
ask_anew >"$WORLD/anew" 2>&1 &
anew=$!
ask_on >"$WORLD/on" 2>&1 &
on=$!
for round in {1..10}; do
    between_restarts && activated_restart || because "round $round" || break
done
check 'restarted ten times' [ "$round" = 10 ]
between_restarts
touch "$WORLD/asked-enough"
wait "$anew" "$on"
check 'new connections: each got its answer' only "$WORLD/anew" encrypt
check 'a kept connection: each question got its answer' only "$WORLD/on" $'tls.test\tencrypt'
check 'a kept connection: no question was lost' \
    equals "$(wc -l <"$WORLD/on")" "$(wc -l <"$WORLD/asked-on")"

# smtp(8) asks for each MX host. While it waits for the first in vain, the server
# that it was connected to goes away. Its next look-up, with errno ETIMEDOUT from
# that wait, is to succeed.
perl -MIO::Socket::INET -e '
    my $hole = IO::Socket::INET->new(LocalAddr => $ARGV[0], LocalPort => 25, Listen => 1) or die;
    listen($hole, 0);
    my @full = map { IO::Socket::INET->new(PeerAddr => "$ARGV[0]:25", Timeout => 1) } 1 .. 2;
    $| = 1; print "READY\n"; sleep 600' "$HOLE" >/var/log/hole.log 2>&1 &
hole=$!
until_true grep -q READY /var/log/hole.log || die 'no hole'
dns_set hole.test. MX '10 mx.hole.test.' '20 mx.tls.test.'
dns_set mx.hole.test. A "$HOLE"
dns_reload
postseal probe hole.test >/dev/null
check 'the first of two hosts does not answer' until_true answers hole.test encrypt

connecting() {
    # 02: SYN sent; the address is little-endian.
    grep -qE ' 0903007F:0019 02 ' /proc/net/tcp
}

postconf -e smtp_connect_timeout=10s
sender_restart
mail_send alice@sender.test x@hole.test
check 'Postfix waits for the first host' until_true connecting
check 'restarted meanwhile' activated_restart
check 'the second host: sent' sent "$QID" x@hole.test
check 'the second host: over TLS' over "$QID" x@hole.test 'Trusted TLS'
check 'Postfix has nothing to complain about' \
    refute log_has "$SENDER_LOG" 'hole\.test.*(lookup error|configuration problem)'

kill "$hole"
wait "$hole" 2>/dev/null
postconf -X smtp_connect_timeout
seal_stop socketmap
check 'stopped with its socket' [ $? = 0 ]
seal_start socketmap
sender_restart
