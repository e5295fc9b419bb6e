# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# SIGHUP: settings are taken while the daemons run, and nobody who asks notices

# reload_seal NAME WORD: it has said WORD once more.
reload_seal() {
    local log before
    log=$(seal_log "$1")
    before=$(log_count "$log" "$2")
    kill -s HUP "${JOB[postseal-$1]}"
    until_true reloaded_seal "$log" "$2" "$before"
}

reloaded_seal() {
    (($(log_count "$1" "$2") > $3))
}

reload_all() {
    local name
    for name in "${SEAL_DAEMONS[@]}"; do
        reload_seal "$name" "$1" || because "$name does not say $1" || return
    done
}

# How mail to that address goes out; "" where it is no secure alias.
way_of() {
    answer transport "$1"
}

pids() {
    local name
    for name in "${SEAL_DAEMONS[@]}"; do
        job_running "postseal-$name" && echo "${JOB[postseal-$name]}"
    done
}

# shellcheck source=tests/live/doctor.sh
. "$LIVE/doctor.sh"

before=$(pids)
check 'at first: no secure domain of that name' equals "$(way_of alice@later.sender.test)" NOTFOUND
seal_setting secure_domains '{"secure.sender.test", "later.sender.test"}'
check 'doctor: nobody has taken them yet' doctor_says settings 'warning .*postseal-milter has not taken what is in'
check 'the daemons take new settings' reload_all RELOADED
check 'doctor: all have' doctor_says settings 'ok '
check 'the server goes by them' equals "$(way_of alice@later.sender.test)" postseal-encrypt:
postconf -e "$(postconf mydestination), later.sender.test"
reload
check 'the milter goes by them' smtp_open plain
smtp 'EHLO client.elsewhere.test' >/dev/null
smtp 'MAIL FROM:<x@elsewhere.test>' >/dev/null
check 'plaintext to the new domain is refused' smtp_says '^550 5.7.10' 'RCPT TO:<alice@later.sender.test>'
smtp_close

cp "$SEAL_CONF" "$WORLD/good.conf"
echo 'nonsense = 1' >>"$SEAL_CONF"
seal_setting secure_domains '{}'
check 'a bad file is told' reload_all 'the settings stay as they were'
check 'and changes nothing' equals "$(way_of alice@later.sender.test)" postseal-encrypt:
cat "$WORLD/good.conf" >"$SEAL_CONF"
seal_setting smtp_timeout 4
check 'what needs a restart is told' reload_all 'smtp_timeout = 4 needs a restart of postseal-'
check 'doctor: it is not in force' doctor_says settings 'warning .*postseal-prober has not taken'
seal_setting smtp_timeout 3

# A connection for each question, and none unanswered, while the server is told again and
# again.
answer policy tls.test >/dev/null
ask_while_reloading() {
    local i wrong=0
    for ((i = 0; i < 200; i++)); do
        [[ $(postmap -q tls.test "$SOCKETMAP:policy" 2>&1) == encrypt ]] || wrong=$((wrong + 1))
        kill -s HUP "${JOB[postseal-socketmap]}" "${JOB[postseal-milter]}" "${JOB[postseal-prober]}"
    done
    equals "$wrong" 0
}
check 'no look-up is lost in 200 reloads' ask_while_reloading
check 'nobody was started anew' equals "$(pids)" "$before"
check 'mail leaves as before' mail_send alice@sender.test bob@tls.test
check 'mail leaves as before: sent' sent "$QID" bob@tls.test

seal_setting secure_domains '{"secure.sender.test"}'
check 'back to where it was' reload_all RELOADED
postconf -e "mydestination = $(postconf -h mydestination | sed 's/, later.sender.test//')"
reload
