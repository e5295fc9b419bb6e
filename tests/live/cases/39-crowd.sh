# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Names without end, from those who mean no mail: others' mail does not wait for them

# Who serves this zone never answers, so each look at a name of it takes long.
silent() {
    exec python3 -B -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.3.53", 53))
print("bound", flush=True)
time.sleep(3600)'
}
job_start silent silent
until_true grep -q bound /var/log/silent.log || die 'the silent name server does not start'
dns_set dead.insecure.test. NS ns.dead.insecure.test.
dns_set ns.dead.insecure.test. A 127.0.3.53
for i in {1..5}; do
    dns_set "crowd$i.test." MX '10 mx.tls.test.'
done
dns_reload


# More than the prober looks at at a time, of which none will be known for seconds.
job_start crowd "$LIVE/crowd" ask status .dead.insecure.test 2 8000
asked() { log_has /var/log/crowd.log 'all ask'; }
until_true asked || die 'the clients were not answered'
for i in {1..5}; do
    check "while two clients ask for the status of dead names: a first contact, $i" \
        answers "crowd$i.test" encrypt
done
check 'they still ask' job_running crowd
job_stop crowd || true
job_stop silent || true
for i in {1..5}; do
    dns_set "crowd$i.test." MX
done
dns_set dead.insecure.test. NS
dns_set ns.dead.insecure.test. A
dns_reload
