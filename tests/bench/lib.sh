# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What every part of the benchmarks needs: a directory, servers and their load,
# turns, columns.

# shellcheck disable=SC2034 # the parts use them
DOMAINS=${BENCH_DOMAINS:-1000000}
ROUNDS=${BENCH_ROUNDS:-3}
SECONDS_EACH=${BENCH_SECONDS:-1}
PORT=${BENCH_PORT:-27671}
CONNECTIONS=(1 20 200)
FLOOR=inet:127.0.0.1:$PORT
POSTSEAL=inet:127.0.0.1:$((PORT + 1))
WORK=$(mktemp -d "${BENCH_DIR:-/tmp}/postseal-bench.XXXXXX")
PIDS=()

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# Only what was started here, by its number.
finish() {
    local pid
    for pid in "${PIDS[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    rm -rf "$WORK"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Servers on one processor and their load on another, where there are two.
SERVER=() LOADER=()
if (($(nproc) > 1)); then
    SERVER=(taskset -c 0) LOADER=(taskset -c 1)
fi

machine() {
    echo "$(awk -F': ' '/model name/ {print $2; exit}' /proc/cpuinfo), $(nproc) processors," \
        "Linux $(uname -r), load $(cut -d' ' -f1 /proc/loadavg)"
    echo "\$ BENCH_DOMAINS=$DOMAINS BENCH_ROUNDS=$ROUNDS BENCH_SECONDS=$SECONDS_EACH make bench"
    echo
}

goal() { # WORD...: what was hoped for, beside what was found
    echo "      goal: $*"
}

title() { echo "== $*"; }

show() { # COMMAND...: with directories shortened
    local text="$*"
    text=${text//$BUILD/BUILD}
    echo "\$ ${text//$WORK/WORK}"
}

#
# Servers.
#

serve() { # NAME COMMAND...: starts it, its number in $PID
    local log=$WORK/$1.log
    shift
    "$@" 2>>"$log" &
    PID=$!
    PIDS+=("$PID")
}

pinned() { # NAME COMMAND...: the same, on the servers' processor
    local name=$1
    shift
    serve "$name" "${SERVER[@]}" "$@"
}

stop() { # PID
    kill "$1"
    wait "$1" 2>/dev/null || true
}

load() { "${LOADER[@]}" "$BUILD/bench/load" "$@"; }

settings() { # LEDGER [LINE...]
    cat >"$WORK/postseal.conf" <<-END
	ledger = "$1"
	runtime = "$WORK/run"
	socketmap_listen = {"$POSTSEAL"}
	END
    printf '%s\n' "${@:2}" >>"$WORK/postseal.conf"
}

socketmap() { pinned socketmap "$BUILD/postseal-socketmap" -c "$WORK/postseal.conf"; }

postseal() { "$BUILD/postseal" -c "$WORK/postseal.conf" "$@"; }

#
# Ledgers.
#

sizes() {
    printf '%s\n' 1000 100000 "$DOMAINS" | sort -nu |
        awk -v max="$DOMAINS" '$1 <= max'
}

smallest() { sizes | sed -n 1p; }

fill() { # LEDGER ARGUMENT...
    local ledger=$1
    shift
    show fill "$@" "$ledger"
    "$BUILD/bench/fill" "$@" "$ledger"
}

need_ledger() { # DOMAINS: its directory in $LEDGER, filled once a run
    LEDGER=$WORK/ledger-$1
    [[ -d $LEDGER ]] || "$BUILD/bench/fill" -k "$1" "$LEDGER" >"$LEDGER.made"
}

#
# Figures.
#

# "a=1 b=2" -> the value of a name.
field() { # LINE NAME
    local word
    for word in $1; do
        [[ $word != "$2="* ]] || echo "${word#*=}"
    done
}

quotient() { # A B [DECIMALS]
    awk -v a="$1" -v b="$2" -v d="${3:-1}" 'BEGIN {printf "%.*f\n", d, b == 0 ? 0 : a / b}'
}
median() { sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
now_us() { echo "${EPOCHREALTIME/[.,]/}"; }
status_kb() { awk -v name="$2:" '$1 == name {print $2}' "/proc/$1/status"; }
cpu_ns() { cut -d' ' -f1 "/proc/$1/schedstat"; } # of its main thread

# cpu_of COMMAND...: the seconds it ran, in user and system mode; what it says goes
# to $WORK/said, and the seconds that passed to $WORK/passed.
cpu_of() {
    local TIMEFORMAT='%R %U %S'
    { time "$@" >"$WORK/said" 2>"$WORK/error"; } 2>"$WORK/times" ||
        die "$* failed: $(tail -n 3 "$WORK/error")"
    awk -v passed="$WORK/passed" '{print $1 >passed; print $2 + $3}' "$WORK/times"
}

#
# Servers by turns.
#

# One turn of one server: "RATE P50 P99 CPU", CPU in nanoseconds of the server a request.
turn() { # PID ENDPOINT CONNECTIONS DOMAINS SEED
    local line before after
    before=$(cpu_ns "$1")
    line=$(load -c "$3" -k "$4" -t "$SECONDS_EACH" -s "$5" "$2")
    after=$(cpu_ns "$1")
    echo "$(field "$line" rate) $(field "$line" p50_us) $(field "$line" p99_us)" \
        "$(((after - before) / $(field "$line" requests)))"
}

# In the files a, b and so on, one for each server; the pages of the ledger are
# touched first. A round asks all of them the same. Every other one goes backwards, since
# the later ones find in the processor's cache what the earlier ones read.
by_turns() { # CONNECTIONS DOMAINS PID ENDPOINT [PID ENDPOINT...]
    local round i n connections=$1 domains=$2 files=(a b c)
    shift 2
    for ((i = 0; 2 * i < $#; i++)); do
        : >"$WORK/${files[i]}"
        load -c 20 -k "$domains" -t "$SECONDS_EACH" -s 1000 "${@:2 * i + 2:1}" >/dev/null
    done
    for ((round = 1; round <= ROUNDS; round++)); do
        for ((n = 0; 2 * n < $#; n++)); do
            ((i = round % 2 ? n : $# / 2 - 1 - n)) || true
            turn "${@:2 * i + 1:2}" "$connections" "$domains" "$round" >>"$WORK/${files[i]}"
        done
    done
}

column() { awk -v n="$2" '{print $n}' "$WORK/$1" | median; }

# ratio COLUMN [OVER OF]: the median of b's (or OF's) value over a's (OVER's) of the same round.
ratio() {
    paste -d' ' "$WORK/${2:-a}" "$WORK/${3:-b}" |
        awk -v n="$1" 'NF % 2 == 0 && $n != 0 {printf "%.3f\n", $(n + NF / 2) / $n}' | median
}

row() { # CONNECTIONS DOMAINS
    printf '%5s %9s %10s %10s %6s %10s %12s %6s %8s %11s\n' "$1" "$2" \
        "$(column a 1)" "$(column b 1)" "$(ratio 1)" \
        "$(column a 3)" "$(column b 3)" "$(ratio 3)" "$(column a 4)" "$(column b 4)"
}

heading() { # NAME-A NAME-B
    printf '%5s %9s %10s %10s %6s %10s %12s %6s %8s %11s\n' conns domains "$1/s" "$2/s" ratio \
        "$1-p99" "$2-p99" ratio "$1-ns" "$2-ns"
}
