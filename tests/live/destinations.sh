# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Where mail from secure aliases goes, in the tables of 80-aliases (queued by
# sendmail(1)) and 83-submission (by the owner, who logged in).
#
#   levels_up, levels_down   an alias of alice for each level, LEVEL@secure.sender.test
#   each_row TRIED           reads a table: a row is a kind of destination, a domain of
#                            that kind, and for each level what becomes of the mail.
#                            Calls TRIED LEVEL DOMAIN WORD for each cell
#   becomes NAME TO WORD     checks what becomes of the mail QID, once it was taken
#
# Kinds that are not simply how the domain is:
#   unknown                  nobody has asked about it before this very mail
#   pinned                   its key is on file
#   pin-changed              a key is on file, and it has got another since the last probe
#   pin-differs              another key is on file than it shows
#   DNS-down                 no look-up of any name succeeds
#
# Words:
#   Verified | Trusted | Untrusted   sent over TLS of which Postfix's log says so; the
#                            receiver's headers say TLS, too
#   no-tls | no-dane | other-key | no-such   came back: with the first attempt, to the
#                            owner's mailbox, and says that
#   waits:REASON             stays in the queue ("_" for a blank)
#   waits:REASON,WORD        and, when the DNS is back, becomes that
#
# Whatever comes back or waits has not arrived.

# What comes back, and in which words: code and text.
NO_TLS='5\.7\.4 .*encrypted connections only.* offers no encryption'
NO_DANE='5\.7\.5 .*publishes nothing .* prove it .*DANE'
OTHER_KEY='5\.7\.5 .*certificate .* is not the one expected'

NO_SUCH='Host or domain name not found'

LEVELS=(encrypt authenticated verify dane-only)

# levels_up, levels_down: an alias of alice for each, of the same name.
levels_up() {
    local level
    for level in "${LEVELS[@]}"; do
        check "alias for $level" postseal alias enable "$level@secure.sender.test" \
            --for alice@sender.test --level "$level"
    done
}

levels_down() {
    local level
    for level in "${LEVELS[@]}"; do
        postseal alias disable "$level@secure.sender.test" >/dev/null 2>&1
    done
}

comes_back() {
    check "$1: comes back at once" bounced "$QID" "$2"
    check "$1: and says why" returned alice "$MSGID" "$3"
    check "$1: nothing arrived" not_arrived "$MSGID" "$2"
}

goes_over() {
    check "$1: sent" sent "$QID" "$2"
    check "$1: over $3 TLS" over "$QID" "$2" "$3 TLS connection established"
    check "$1: the receiver saw TLS" arrived "$MSGID" "$2" '\(using TLSv1'
}

WAITING=()      # QID, MSGID, name, address and word of what goes on later

# waits NAME TO REASON[,WORD]
waits() {
    local reason=${3%,*}
    check "$1: waits" deferred "$QID" "$2" "${reason//_/ }"
    check "$1: nothing arrived" not_arrived "$MSGID" "$2"
    if [[ $3 == *,* ]]; then
        WAITING+=("$QID" "$MSGID" "$1, DNS back" "$2" "${3#*,}")
    else
        postsuper -d "$QID" 2>/dev/null
    fi
}

becomes() {
    case $3 in
    waits:*) waits "$1" "$2" "${3#waits:}" ;;
    no-tls) comes_back "$1" "$2" "$NO_TLS" ;;
    no-dane) comes_back "$1" "$2" "$NO_DANE" ;;
    other-key) comes_back "$1" "$2" "$OTHER_KEY" ;;
    no-such) comes_back "$1" "$2" "$NO_SUCH" ;;
    *) goes_over "$1" "$2" "$3" ;;
    esac
}

# --- kinds -----------------------------------------------------------------------

# Also makes smtp(8) forget what it was answered: see README.md of postfix-examples.
made() {
    local host=mx.$2
    case $1 in
    pinned) postseal pin add "$2" "$(pki_spki "$host")" >/dev/null ;;
    pin-differs) postseal pin add "$2" "$(pki_spki snakeoil)" >/dev/null ;;
    pin-changed)
        postseal pin add "$2" "$(pki_spki "$host")" >/dev/null
        pki_self "$host" "$host" 30
        receivers_reload
        tick
        ;;
    DNS-down) dns_down ;;
    esac
    reload
}

unmade() {
    case $1 in
    pinned | pin-changed | pin-differs) postseal pin remove "$2" >/dev/null ;;
    DNS-down) dns_back ;;
    esac
    reload
}

unasked() {
    postseal forget "$1" --yes >/dev/null
    reload
}

goes_on() {
    local name
    set -- "${WAITING[@]}"
    WAITING=()
    while (($#)); do
        QID=$1 MSGID=$2 name=$3
        mail_retry "$QID"
        becomes "$name" "$4" "$5"
        shift 5
    done
}

each_row() {
    local rows row kind domain words i
    mapfile -t rows
    for row in "${rows[@]}"; do
        read -r kind domain words <<<"$row"
        read -ra words <<<"$words"
        made "$kind" "$domain"
        for i in "${!LEVELS[@]}"; do
            [[ $kind != unknown ]] || unasked "$domain"
            "$1" "${LEVELS[i]}" "$domain" "${words[i]}"
        done
        unmade "$kind" "$domain"
        goes_on
    done
}
