# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The mixed load of a soak: each actor is a loop of its own, in the background,
# with pauses, until $SOAK/over is there. What they did is written down for
# judge.sh:
#
#   $SOAK/posted     MSGID TO       each mail and recipient that was accepted for
#   $SOAK/answers    MAP DOMAIN ANSWER     what Postfix would have been told
#   $SOAK/broken     what may never be, as soon as it is seen

# They do TLS, or once did (loses.test, half of the time); those of LAW have a
# floor for good, those of FORGOTTEN until an admin forgets them.
LAW=(dane dane-ta dane-roll dane-cname nomx-dane mixed tls shared self old nomx
    badcert unusable onegone halfdead loses insecure rule8.insecure)
FORGOTTEN=(hostinsecure aaaafail)
NEVER=(plain)
AMISS=(dane-wrong bogus dead silent reset garbage drip closes hangs busy refuse
    badhandshake inject endless nullmx nosuch tlsafail allgone sts-nowhere)

over() {
    [[ -e $SOAK/over ]]
}

# pause SECONDS: half of that to one and a half times.
pause() {
    local ms=$(($1 * (500 + RANDOM % 1000)))
    sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
}

one_of() {
    local words=("$@")
    printf '%s' "${words[RANDOM % $#]}"
}

broken() {
    printf '%s\n' "$*" >>"$SOAK/broken"
}

actor() {
    until over; do
        "$@"
    done </dev/null &
    ACTORS+=($!)
}

# --- mail out ------------------------------------------------------------------

somebody() {
    case $((RANDOM % 20)) in
    0 | 1 | 2) one_of "${AMISS[@]}" ;;
    3 | 4 | 5) one_of "${NEVER[@]}" ;;
    6) one_of "${FORGOTTEN[@]}" ;;
    *) one_of "${LAW[@]}" ;;
    esac
}

write_mail() {
    local to
    to=x@$(somebody).test
    if mail_post "$(one_of alice@sender.test bob@sender.test alice@secure.sender.test \
        sealed@secure.sender.test)" "$to" 2>>"$SOAK/sendmail.log"; then
        printf '%s %s\n' "$MSGID" "$to" >>"$SOAK/posted"
    fi
    pause "$MAIL_EVERY"
}

# --- mail in ---------------------------------------------------------------------

# taken HOW RCPT: the recipient is accepted; a secure one without TLS must not be.
taken() {
    smtp "RCPT TO:<$2>" && [[ $REPLY_TEXT == 250* ]] || return
    [[ $1 == tls || $2 != *@secure.* ]] || broken "in the clear, and accepted: $2"
}

visit() {
    local how rcpt id rcpts=()
    how=$(one_of plain tls)
    if smtp_open "$how" && smtp 'EHLO client.elsewhere.test' &&
        smtp 'MAIL FROM:<x@elsewhere.test>' && [[ $REPLY_TEXT == 250* ]]; then
        for rcpt in alice@secure.sender.test bob@sender.test; do
            if taken "$how" "$rcpt"; then
                rcpts+=("$rcpt")
            fi
        done
        if ((${#rcpts[@]})) && smtp DATA && [[ $REPLY_TEXT == 354* ]]; then
            id=in.$EPOCHREALTIME@live.test
            if smtp_message "$id" && [[ $REPLY_TEXT == 250* ]]; then
                printf "$id %s\n" "${rcpts[@]}" >>"$SOAK/posted"
            fi
        fi
    fi
    smtp_close
    pause "$MAIL_EVERY"
} 2>/dev/null

# --- look-ups ----------------------------------------------------------------------

# ask MAP KEY: the answer in one line; NOTFOUND; or TEMP, which is also what
# Postfix makes of no answer at all.
ask() {
    local text
    text=$(postmap -q "$2" "$SOCKETMAP:$1" 2>&1)
    case $text in
    'postmap: '*) echo TEMP ;;
    '') echo NOTFOUND ;;
    *) echo "$text" ;;
    esac
}

look_up() {
    local map domain
    map=$(one_of policy policy policy policy+tlsrpt policy-encrypt policy-dane-only)
    domain=$(one_of "${LAW[@]}" "${NEVER[@]}").test
    printf '%s %s %s\n' "$map" "$domain" "$(ask "$map" "$domain")" >>"$SOAK/answers"
    pause 1
}

# Names that nobody has heard of, the same few hundred over and over; and what is no name.
stray() {
    timeout 30 "$BUILD/bench/load" -c 4 -k 300 -n 30 -s $RANDOM inet:127.0.0.1:7672 >/dev/null 2>&1
    ask policy "$(one_of 'not a domain' '..' '[192.0.2.1' .test '[127.0.1.20]:25' tls.test:smtp)" \
        >/dev/null
    ask "$(one_of status alias transport no-such-map)" "alice@$(one_of secure.sender tls plain).test" \
        >/dev/null
    pause 8
}

# --- an admin ------------------------------------------------------------------------

# act WORST ARGUMENT...: `postseal` does it, with exit status WORST at most.
act() {
    local worst=$1 status=0
    shift
    "$BUILD/postseal" -c "$SEAL_CONF" "$@" >/dev/null 2>>/var/log/postseal-cli.log || status=$?
    ((status <= worst && status != 2)) || broken "postseal $*: exit status $status"
}

# "Could not tell" is right for who needs the prober, and of whom nothing is known.
administer() {
    local number=$((RANDOM % 10)) domain
    domain=$(one_of "${LAW[@]}" "${AMISS[@]}").test
    case $((RANDOM % 12)) in
    0) act 1 alias enable "user$number@secure.sender.test" --for alice@sender.test --level encrypt ;;
    1) act 1 alias disable "user$number@secure.sender.test" ;;
    2) act 1 override set "over$number.test" exact encrypt --reason soak --expires 30min ;;
    3) act 1 override clear "over$number.test" ;;
    4) act 1 pin add "pin$number.test" "$(printf '%064d' "$number")" ;;
    5) act 1 pin remove "pin$number.test" ;;
    6) act 1 forget --yes "$(one_of "${FORGOTTEN[@]}").test" ;;
    7) act 3 probe "$domain" ;;
    8) act 1 export --journal ;;
    9) act 3 status "x@$domain" ;;
    10) act 1 explain "$domain" ;;
    11) act 1 list ;;
    esac
    pause 3
}

load_start() {
    ACTORS=()
    actor write_mail
    actor visit
    actor look_up
    actor stray
    actor administer
}

load_end() {
    : >"$SOAK/over"
    wait "${ACTORS[@]}" || true
}
