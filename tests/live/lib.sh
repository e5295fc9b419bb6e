# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the cases are written in. Sourced after world.sh.
#
# Counting:
#   check NAME COMMAND...    passes if COMMAND succeeds; what it left in WHY, or
#                            printed, says why not
#   summary                  "N passed, N failed"; false when something failed
#
# Mail out, through the sender's Postfix:
#   mail_send FROM TO...     queues one message; sets QID and MSGID
#   mail_post, mail_taken    the same in two steps: sets MSGID, sets QID; in between
#                            Postfix may take its time
#   mail_retry QID           Postfix tries again at once
#   outcome QID TO           waits for Postfix's next word on it; sets RESULT, its
#                            delivery line in the log
#   sent | deferred | bounced QID TO [REGEX]     outcome, of that kind
#   over QID TO REGEX        the log line of the TLS connection it went over
#   in_clear QID TO          it went over none
#   arrived MSGID TO REGEX   what arrived, as the receiver's headers tell it
#   not_arrived MSGID TO
#   returned USER MSGID REGEX     a notice about it is in that local mailbox, and
#                                 says so
#
# Mail in, from OUTSIDE_ADDR to the sender's smtpd:
#   smtp_open plain|tls [OPENSSL-OPTION...]
#   smtp COMMAND             sends the line; sets REPLY_TEXT to all of the reply
#   smtp_says REGEX COMMAND  and compares
#   smtp_message TEXT        after DATA; the text becomes its Message-ID
#   smtp_queued              sets QID and MSGID to that of the last one
#   smtp_starttls_alone      after STARTTLS and more in one go: the rest is not heard
#   smtp_close
#   login USER               opens the submission port, logs in over TLS
#
# The sender's Postfix:
#   reload                   also makes it forget what it was answered
#   with NAME VALUE COMMAND...    a setting of main.cf, for as long as that takes
#
# Waiting: until_true (world/base.sh); log_count and log_has read a log by regex.

PASSED=0
FAILED=0
CASE=
WHY=

check() {
    local name=$1 said
    shift
    WHY=
    # Not in a subshell: commands set QID, RESULT and the like.
    if "$@" >"$WORLD/said" 2>&1; then
        PASSED=$((PASSED + 1))
        printf '  ok    %s: %s\n' "$CASE" "$name"
        return 0
    fi
    FAILED=$((FAILED + 1))
    said=$(tail -n 5 "$WORLD/said")
    printf '  FAIL  %s: %s\n' "$CASE" "$name"
    printf '%s\n' "${WHY:-$said}" | sed 's/^/        /'
}

summary() {
    printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
    ((FAILED == 0 && PASSED > 0))
}

# because TEXT...: sets WHY and fails, for use at the end of a predicate.
because() {
    WHY=$*
    return 1
}

# matches TEXT REGEX: extended regular expression, anywhere in it.
matches() {
    [[ $1 =~ $2 ]] || because "expected: $2"$'\n'"got:      ${1:-nothing}"
}

equals() {
    [[ $1 == "$2" ]] || because "expected: $2"$'\n'"got:      ${1:-nothing}"
}

refute() {
    ! "$@" || because "this should have failed: $*"
}

# --- logs --------------------------------------------------------------------

SENDER_LOG=$(postfix_log sender)

log_count() {
    grep -cE -- "$2" "$1" || true
}

log_has() {
    grep -qE -- "$2" "$1"
}

# --- the sender's Postfix ------------------------------------------------------

# Whatever reads a main.cf that is younger than two seconds waits.
reload() {
    local before
    before=$(reloads)
    touch -d '10 seconds ago' /etc/postfix/main.cf
    postfix reload 2>/dev/null
    until_true reloaded "$before"
}

reloads() {
    log_count "$SENDER_LOG" 'postfix/master\[.*: reload '
}

reloaded() {
    (($(reloads) > $1))
}

with() {
    local name=$1 before
    before=$(postconf -nh "$name")
    postconf -e "$name = $2"
    reload
    shift 2
    "$@"
    if [[ $before ]]; then postconf -e "$name = $before"; else postconf -X "$name"; fi
    reload
}

# --- mail out ----------------------------------------------------------------

declare -A TOLD=()      # how many delivery lines of QID/TO have been looked at
SENT_COUNT=0

mail_post() {
    local from=$1
    shift
    SENT_COUNT=$((SENT_COUNT + 1))
    MSGID="$SENT_COUNT.$EPOCHREALTIME@live.test"
    printf 'From: %s\nSubject: mail %d\nMessage-ID: <%s>\n\nHello.\n' \
        "$from" "$SENT_COUNT" "$MSGID" | sendmail -i -f "$from" "$@"
}

mail_taken() {
    until_true log_has "$SENDER_LOG" "message-id=<$MSGID>" ||
        because "Postfix did not take the mail" || return
    # shellcheck disable=SC2034 # for the cases
    QID=$(sed -n "s/.*cleanup\[[0-9]*\]: \([^:]*\): message-id=<$MSGID>.*/\1/p" \
        "$SENDER_LOG" | head -n 1)
}

mail_send() {
    mail_post "$@" && mail_taken
}

# Also makes Postfix forget that the destination failed a moment ago.
mail_retry() {
    postqueue -i "$1"
}

delivery_lines() {
    grep -E ": $1: to=<$2>,.* status=" "$SENDER_LOG"
}

delivery_news() {
    (($(log_count "$SENDER_LOG" ": $1: to=<$2>,.* status=") > ${TOLD[$1/$2]:-0}))
}

outcome() {
    RESULT=
    until_true delivery_news "$1" "$2" ||
        because "no word of $1 to $2 within $PATIENCE s" || return
    TOLD[$1/$2]=$((${TOLD[$1/$2]:-0} + 1))
    RESULT=$(delivery_lines "$1" "$2" | sed -n "${TOLD[$1/$2]}p")
}

sent() {
    outcome "$1" "$2" && matches "$RESULT" "status=sent.*${3:-}"
}

deferred() {
    outcome "$1" "$2" && matches "$RESULT" "status=deferred.*${3:-}"
}

bounced() {
    outcome "$1" "$2" && matches "$RESULT" "status=bounced.*${3:-}"
}

# The connection a delivery went over, if it was TLS: the last one its smtp(8)
# process spoke of, and to the same host. Others may deliver in between.
tls_line() {
    awk -v qid="$1" -v to="to=<$2>," '
        { pid = match($0, /smtp\[[0-9]+\]: /) ? substr($0, RSTART, RLENGTH) : "" }
        / TLS connection (established|reused) to / { tls[pid] = $0; next }
        index($0, ": " qid ": " to) && match($0, /relay=[^,]*/) {
            relay = substr($0, RSTART + 6, RLENGTH - 6)
            line = index(tls[pid], " to " relay ":") ? tls[pid] : ""
        }
        / status=/ && !index($0, ": " qid ": ") { delete tls[pid] }
        END { print line }' "$SENDER_LOG"
}

over() {
    matches "$(tls_line "$1" "$2")" "$3"
}

in_clear() {
    equals "$(tls_line "$1" "$2")" ''
}

# --- what the receivers got ----------------------------------------------------

# received_copy MSGID TO: the file it is in.
received_copy() {
    local file
    for file in "$RECEIVERS_MAIL"/*; do
        [[ -f $file ]] || continue
        grep -qF "Message-ID: <$1>" "$file" &&
            grep -qxF "Delivered-To: $2" "$file" && echo "$file" && return 0
    done
    return 1
}

# Headers, unfolded: one a line.
headers() {
    sed -e '/^$/q' "$1" | sed -e ':a;N;$!ba;s/\n[ \t]\{1,\}/ /g'
}

arrived() {
    until_true received_copy "$1" "$2" ||
        because "nothing of $1 arrived at $2" || return
    matches "$(headers "$(received_copy "$1" "$2")" | grep '^Received:' | head -n 1)" \
        "$3"
}

not_arrived() {
    ! received_copy "$1" "$2" || because "$1 did arrive at $2"
}

# notice USER MSGID: all of the mail in his mailbox that quotes it, in one line.
notice() {
    awk -v id="Message-ID: <$2>" '
        /^From / { if (found) exit; text = "" }
        { text = text " " $0 }
        $0 == id { found = 1 }
        END { if (found) print text }' "/var/mail/$1" | tr -s ' '
}

returned() {
    in_mailbox "$1" "$2" || because "no notice about $2 for $1" || return
    matches "$(notice "$1" "$2")" "$3"
}

# --- mail in -------------------------------------------------------------------

REPLY_TEXT=
SMTP=           # what is read from, and
SMTP_OUT=       # written to; empty when there is no connection

smtp_open() {
    local how=$1
    shift
    if [[ $how == plain ]]; then
        { exec {SMTP}<>"/dev/tcp/${SMTP_HOST:-$ME_ADDR}/${SMTP_PORT:-25}"; } 2>/dev/null ||
            because "cannot connect to ${SMTP_HOST:-$ME_ADDR}" || return
        SMTP_OUT=$SMTP
        smtp_reply
    else
        # s_client itself reads the greeting and does EHLO and STARTTLS.
        coproc SMTP_TLS {
            exec openssl s_client -quiet -starttls smtp -name client.test \
                -connect "${SMTP_HOST:-$ME_ADDR}:${SMTP_PORT:-25}" "$@" 2>"$WORLD/s_client"
        }
        exec {SMTP}<&"${SMTP_TLS[0]}" {SMTP_OUT}>&"${SMTP_TLS[1]}"
    fi
}

smtp_send() {
    [[ $SMTP_OUT ]] || because 'there is no connection' || return
    { printf '%s\r\n' "$1" >&"$SMTP_OUT"; } 2>/dev/null ||
        because 'the server hung up'
}

smtp_reply() {
    local line
    REPLY_TEXT=
    [[ $SMTP ]] || because 'there is no connection' || return
    while IFS= read -r -t "$PATIENCE" -u "$SMTP" line 2>/dev/null; do
        REPLY_TEXT+=${line%$'\r'}$'\n'
        [[ $line =~ ^[0-9]{3}- ]] || break
    done
    REPLY_TEXT=${REPLY_TEXT%$'\n'}
    [[ $REPLY_TEXT ]] ||
        because "no reply; openssl says: $(tail -n 3 "$WORLD/s_client" 2>&1)"
}

smtp() {
    smtp_send "$1" && smtp_reply
}

smtp_says() {
    smtp "$2" && matches "$REPLY_TEXT" "$1"
}

smtp_message() {
    smtp_send "Message-ID: <$1>"
    smtp_send 'Subject: from outside'
    smtp_send ''
    smtp_send 'Hello.'
    smtp '.'
}

smtp_queued() {
    [[ $REPLY_TEXT =~ ^250\ .*queued\ as\ ([^ ]+) ]] || because "$REPLY_TEXT" || return
    QID=${BASH_REMATCH[1]}
    # The log may come after the reply.
    until_true message_id_of "$QID" || because "no Message-ID of $QID was logged" || return
    MSGID=$(message_id_of "$QID")
}

message_id_of() {
    sed -n "s/.*cleanup\[[0-9]*\]: $1: message-id=<\(.*\)>$/\1/p" "$SENDER_LOG" | grep .
}

# STARTTLS was sent with more behind it: it is taken, and nothing else.
smtp_starttls_alone() {
    smtp_reply && matches "$REPLY_TEXT" '^220' || return
    smtp_send 'this is no handshake'
    smtp_reply
    refute matches "$REPLY_TEXT" '^[0-9][0-9][0-9] '
}

smtp_close() {
    [[ $SMTP ]] || return 0
    smtp_send QUIT 2>/dev/null || true
    [[ $SMTP == "$SMTP_OUT" ]] || exec {SMTP_OUT}>&-
    exec {SMTP}>&-
    [[ -z ${SMTP_TLS_PID:-} ]] || wait "$SMTP_TLS_PID" || true
    SMTP='' SMTP_OUT=''
}

login_secret() {
    printf '\0%s@sender.test\0%s' "$1" "$LOGIN_PASSWORD" | base64
}

login() {
    SMTP_PORT=587 smtp_open tls && smtp 'EHLO client.elsewhere.test' &&
        smtp_says '^235' "AUTH PLAIN $(login_secret "$1")"
}

# in_mailbox USER MSGID: the local mailbox has that message.
in_mailbox() {
    until_true grep -qF "Message-ID: <$2>" "/var/mail/$1"
}

# --- postseal --------------------------------------------------------------------

SOCKETMAP=socketmap:inet:127.0.0.1:7672

# answer MAP KEY: what Postfix would be told, in one line: the answer itself,
# NOTFOUND, or TEMP.
answer() {
    local text status=0
    text=$(postmap -q "$2" "$SOCKETMAP:$1" 2>"$WORLD/postmap") || status=$?
    if [[ $text ]]; then
        echo "$text"
    elif [[ -s $WORLD/postmap ]]; then
        echo TEMP
    else
        [[ $status == 1 ]] && echo NOTFOUND
    fi
}

answers() {
    equals "$(answer policy "$1")" "$2"
}

postseal() {
    "$BUILD/postseal" -c "$SEAL_CONF" "$@"
}
