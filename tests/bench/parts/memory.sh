# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2153 # lib.sh has them

MILTER_PORT=$((PORT + 6))

memory_row() { # WHAT PID
    printf '%-52s %9s %9s\n' "$1" "$(status_kb "$2" RssAnon)" "$(status_kb "$2" VmRSS)"
}

# Clients that hold their connections until their standard input ends say so in
# $WORK/held when each has been answered once, so that all buffers are there.
memory_held() { # WHAT PID COMMAND...
    local what=$1 pid=$2 pipe=$WORK/hold holder
    shift 2
    mkfifo "$pipe"
    "$@" <"$pipe" >"$WORK/held" &
    holder=$!
    PIDS+=("$holder")
    exec 3>"$pipe"
    until [[ -s $WORK/held ]]; do
        kill -0 "$holder" || die "the clients have gone"
        sleep 0.05
    done
    memory_row "$what" "$pid"
    exec 3>&-
    wait "$holder"
    rm "$pipe" "$WORK/held"
}

memory_crowds() { # NAME PID COMMAND...: with the number of connections behind the command
    local name=$1 pid=$2 count
    shift 2
    for count in 1000 10000; do
        if (($(ulimit -n) < count + 100)); then
            echo "$name, $count connections: skipped, no more than $(ulimit -n) descriptors are allowed"
            continue
        fi
        memory_held "$name, $count connections" "$pid" "$@" "$count"
    done
}

ask_once() { # COUNT
    load -h -c "$1" -n "$1" -k "$(smallest)" "$POSTSEAL"
}

# As many MTAs that have agreed with the milter on what it wants to see (SMFIC_OPTNEG).
agree_once() { # COUNT
    python3 -c '
import socket, struct, sys
hello = struct.pack("!IcIII", 13, b"O", 6, 0x1ff, 0x1fffff)
mtas = []
for _ in range(int(sys.argv[2])):
    mta = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    mta.sendall(hello)
    mtas.append(mta)
for mta in mtas:
    if len(mta.recv(17, socket.MSG_WAITALL)) != 17:
        sys.exit("the milter does not agree")
print("held", flush=True)
sys.stdin.read()' "$MILTER_PORT" "$1"
}

memory_socketmap() {
    local pid
    need_ledger "$(smallest)"
    settings "$LEDGER"
    socketmap
    pid=$PID
    load -n 1 "$POSTSEAL" >/dev/null
    memory_row "postseal-socketmap, at rest" "$pid"
    memory_crowds postseal-socketmap "$pid" ask_once
    stop "$pid"
    need_ledger "$DOMAINS"
    settings "$LEDGER"
    socketmap
    load -c 20 -k "$DOMAINS" -t "$SECONDS_EACH" "$POSTSEAL" >/dev/null
    memory_row "postseal-socketmap, after load on $DOMAINS domains" "$PID"
    stop "$PID"
}

memory_milter() {
    local pid
    settings "$LEDGER" "milter_listen = inet:127.0.0.1:$MILTER_PORT"
    : >"$WORK/milter.log"
    serve milter "$BUILD/postseal-milter" -c "$WORK/postseal.conf"
    pid=$PID
    until_logged milter READY
    memory_row "postseal-milter, at rest" "$pid"
    memory_crowds postseal-milter "$pid" agree_once
    stop "$pid"
}

memory_prober() { # DOMAINS
    need_ledger "$1"
    settings "$LEDGER" 'log_level = "debug"' 'resolver = {"127.0.0.1:9"}'
    : >"$WORK/prober.log"
    serve prober "$BUILD/postseal-prober" -c "$WORK/postseal.conf"
    until_logged prober 'refresh: of'
    memory_row "postseal-prober, after a scan of $1 domains" "$PID"
    stop "$PID"
}

memory_follower() {
    need_ledger "$(smallest)"
    settings "$LEDGER"
    "$BUILD/bench/maillog" -n 1000 -k 1000 >"$WORK/followed.log"
    serve follower "$BUILD/postseal" -c "$WORK/postseal.conf" learn --follow "$WORK/followed.log" >/dev/null
    until_idle "$PID"
    memory_row "postseal learn --follow, at rest" "$PID"
    stop "$PID"
}

until_logged() { # NAME PATTERN: of the server in $PID
    until grep -q "$2" "$WORK/$1.log"; do
        kill -0 "$PID" 2>/dev/null || die "$1 has gone: $(tail -n 3 "$WORK/$1.log")"
        sleep 0.05
    done
}

# It has read the log when it takes no more of the processor.
until_idle() { # PID
    local before=none now=some
    until [[ $now == "$before" ]]; do
        before=$now
        sleep 0.5
        now=$(cpu_ns "$1")
    done
}

part_memory() {
    title "memory in KB: private, and with files mapped (the ledger)"
    ulimit -n "$(ulimit -Hn)"
    memory_socketmap
    memory_milter
    memory_prober "$(smallest)"
    (($(smallest) == DOMAINS)) || memory_prober "$DOMAINS"
    memory_follower
}
