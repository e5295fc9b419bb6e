# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Many hosts, and names without end, from those who mean no mail: others' mail does not wait

# --- a domain with many hosts of many addresses ------------------------------------------

# Whose they are a stranger chooses. Each connection is shut at once, so that the next address
# is tried.
doors() {
    exec python3 -B -c 'import selectors, socket
doors = selectors.DefaultSelector()
for i in range(1, 129):
    s = socket.socket()
    s.bind(("127.0.4.%d" % i, 25))
    s.listen(8)
    doors.register(s, selectors.EVENT_READ)
print("open", flush=True)
while True:
    for key, _ in doors.select():
        key.fileobj.accept()[0].close()
        print("knock", flush=True)'
}
job_start doors doors
until_true grep -q open /var/log/doors.log || die 'the doors do not open'
hosts=()
for i in {1..32}; do
    hosts+=("10 h$i.insecure.test.")
    dns_set "h$i.insecure.test." A 127.0.4.$((4 * i - 3)) 127.0.4.$((4 * i - 2)) \
        127.0.4.$((4 * i - 1)) 127.0.4.$((4 * i))
done
dns_set parts.insecure.test. MX "${hosts[@]}"
dns_reload
postseal probe parts.insecure.test >/dev/null
knocks=$(grep -c knock /var/log/doors.log)
check 'all hosts are looked at' equals "$(postseal explain --json parts.insecure.test |
    jq '[.. | objects | select(has("tlsa"))] | length')" 32
check "$knocks connections: one to each host at least" test "$knocks" -ge 32
check "$knocks connections: no more than one look may cause" test "$knocks" -le 32
job_stop doors || true
dns_set parts.insecure.test. MX
for i in {1..32}; do
    dns_set "h$i.insecure.test." A
done
dns_reload

# --- names without end ----------------------------------------------------------------------

# The last of all: the resolver has their questions on hand for a while.

# Who serves this zone never answers, so each look at a name of it takes long.
job_start silent silent_dns 127.0.3.53
until_true grep -q bound /var/log/silent.log || die 'the silent name server does not start'
dns_set dead.insecure.test. NS ns.dead.insecure.test.
dns_set ns.dead.insecure.test. A 127.0.3.53
for i in 1 2; do
    dns_set "crowd$i.test." MX '10 mx.tls.test.'
done
dns_reload
dropped=$(dns_dropped) || die 'unbound does not tell how many questions it dropped'

# More than the prober looks at at a time, of which none will be known for seconds.
job_start crowd "$LIVE/crowd" ask status .dead.insecure.test 2 8000
asked() { log_has /var/log/crowd.log 'all ask'; }
until_true asked || die 'the clients were not answered'
for i in 1 2; do
    check "while two clients ask for the status of dead names: a first contact, $i" \
        until_true answers "crowd$i.test" encrypt
done
check 'they still ask' job_running crowd
check 'and the resolver, as Debian has it, drops no question' equals "$(dns_dropped)" "$dropped"
job_stop crowd || true
job_stop silent || true
for i in 1 2; do
    dns_set "crowd$i.test." MX
done
dns_set dead.insecure.test. NS
dns_set ns.dead.insecure.test. A
dns_reload

# Else the end of it all would find workers who wait for that name server.
at_rest() {
    postseal stats --prometheus |
        awk '/^postseal_prober_(workers_busy|jobs_queued)\{/ {shown++; n += $2} END {exit !(shown && n == 0)}'
}
check 'when they have gone the prober comes to rest' until_true at_rest
