# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the daemons count: mail shows in it, and so does a daemon that died

# counted NAME{LABELS}: the number now; nothing if it is not shown.
counted() {
    postseal stats --prometheus | awk -v name="$1" '$1 == name {print $2}'
}

# note_counts NAME...: remembers them, for `rose`.
declare -A BEFORE=()
note_counts() {
    local name
    for name; do
        BEFORE[$name]=$(counted "$name")
    done
}

rose() {
    local now
    now=$(counted "$1")
    ((now > BEFORE[$1])) || because "$1 was ${BEFORE[$1]} and is ${now:-nothing}"
}

is_counted() {
    equals "$(counted "$1")" "$2"
}

for name in "${SEAL_DAEMONS[@]}"; do
    check "$name runs" is_counted "postseal_up{daemon=\"$name\"}" 1
done
check 'stats: all is well' postseal stats
check 'stats: learn is not missed' is_counted 'postseal_up{daemon="learn"}' ''
check 'stats: nobody needs a right to see counts' \
    setpriv --reuid nobody --regid nogroup --clear-groups "$BUILD/postseal" stats --no-ledger

answers='postseal_socketmap_answers_total{map="policy",answer="dane-only"}'
rules='postseal_socketmap_rules_total{rule="dane-all"}'
served='postseal_socketmap_served_total{served="ledger"}'
times='postseal_socketmap_answer_seconds_count'
note_counts "$answers" "$rules" "$served" "$times"
mail_send alice@sender.test x@dane.test
check 'mail out: sent' sent "$QID" x@dane.test
for name in "$answers" "$rules" "$served" "$times"; do
    check "mail out: counted, $name" rose "$name"
done

probes='postseal_prober_probes_total{result="tls"}'
lookups='postseal_prober_lookups_total{kind="mx",outcome="secure"}'
tlsa='postseal_prober_lookups_total{kind="tlsa",outcome="secure"}'
asks='postseal_prober_asks_total{word="probe"}'
jobs='postseal_prober_job_seconds_count{job="smtp"}'
note_counts "$probes" "$lookups" "$tlsa" "$asks" "$jobs"
check 'probe: done' postseal probe dane.test
for name in "$probes" "$lookups" "$tlsa" "$asks" "$jobs"; do
    check "probe: counted, $name" rose "$name"
done
ever_counted() {
    (($(counted "$1") > 0))
}
check 'the resolver is found to validate' \
    until_true ever_counted 'postseal_prober_lookups_total{kind="check",outcome="secure"}'
check 'the resolver is not found not to' \
    is_counted 'postseal_prober_lookups_total{kind="check",outcome="insecure"}' 0

refused='postseal_milter_refusals_total{cause="tls-in"}'
sealed='postseal_milter_sealed_messages_total{direction="in"}'
note_counts "$refused" "$sealed"
smtp_open plain
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
smtp 'RCPT TO:<alice@secure.sender.test>'
smtp_close
check 'mail in: a refusal is counted' rose "$refused"
smtp_open tls
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
smtp 'RCPT TO:<alice@secure.sender.test>'
smtp DATA
check 'mail in: accepted' smtp_message stats-1@live.test
smtp_close
check 'mail in: a sealed mail is counted' rose "$sealed"

downgraded=postseal_ledger_domains_downgraded
event='postseal_prober_events_total{event="domain-downgrade"}'
note_counts "$downgraded" "$event"
postseal probe self.test >/dev/null
receiver_tls mx.self.test off
tick
postseal probe self.test >/dev/null
check 'downgrade: in the ledger' rose "$downgraded"
check 'downgrade: counted' rose "$event"
receiver_tls mx.self.test on
tick
check 'downgrade: over' postseal probe self.test
check 'downgrade: no longer in the ledger' is_counted "$downgraded" "${BEFORE[$downgraded]}"

job_start postseal-learn setpriv --reuid postseal --regid postseal --init-groups \
    "$BUILD/postseal" learn --follow "$SENDER_LOG"
check 'learn: runs' until_true is_counted 'postseal_up{daemon="learn"}' 1
note_counts postseal_learn_lines_total
mail_send alice@sender.test x@tls.test
check 'learn: sent' sent "$QID" x@tls.test
check 'learn: counts lines' until_true rose postseal_learn_lines_total
job_stop postseal-learn
check 'learn: told to end, it is not missed' is_counted 'postseal_up{daemon="learn"}' ''

seal_kill prober
check 'prober killed: the alert would fire' is_counted 'postseal_up{daemon="prober"}' 0
check 'prober killed: the others run' is_counted 'postseal_up{daemon="socketmap"}' 1
check 'prober killed: no gauge of it is left' is_counted postseal_prober_workers ''
check 'prober killed: people are told' matches "$(postseal stats --no-ledger)" \
    'postseal-prober'$'\n''  not running: started at 20.*, it died'
check 'prober killed: so are scripts' equals "$(postseal stats >/dev/null; echo $?)" 1
seal_start prober
check 'prober back' is_counted 'postseal_up{daemon="prober"}' 1
check 'prober back: it counts anew' is_counted 'postseal_prober_asks_total{word="probe"}' 0

answer_over_http() {
    printf 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n' |
        PATH=$BUILD:$PATH "$LIVE/../../examples/metrics/postseal-metrics-http"
}
check 'over HTTP' matches "$(answer_over_http | tr -d '\r')" \
    '^HTTP/1\.0 200 OK'$'\n''.*'$'\n\n''# HELP postseal_up .*postseal_up\{daemon="prober"\} 1'
if command -v promtool >/dev/null; then
    check 'promtool finds nothing' promtool check metrics < <(postseal stats --prometheus)
fi
