# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Sealed mail: intake, link mail, receipt, the temporary mailbox, and the reply

MAILBOX_PORT=8690
MAILBOX_STATE=$WORLD/guest
MAILBOX_DIR=$WORLD/mailbox

guest() { "$BUILD/mailbox/guest" "$@"; }

mailbox_up() {
    local name
    install -d -o postseal -g postseal "$MAILBOX_DIR" "$MAILBOX_DIR"/{run,store,keys}
    cp "$SEAL_CONF" "$MAILBOX_DIR/conf.before"
    seal_setting mailbox_url '"https://sealed.sender.test"'
    seal_setting mailbox_domain '"sealed.sender.test"'
    seal_setting mailbox_from '"sealed@sender.test"'
    seal_setting mailbox_bounce '"sealed-bounce@sender.test"'
    seal_pages
    seal_setting mailbox_token_key "\"$MAILBOX_DIR/token.key\""
    for name in store keys; do
        seal_setting "mailbox_$name" "\"$MAILBOX_DIR/$name\""
    done
    seal_setting mailbox_runtime "\"$MAILBOX_DIR/run\""
    postconf -Me '127.0.0.1:8692/inet=127.0.0.1:8692 inet n - y - - smtpd'
    postconf -Pe '127.0.0.1:8692/inet/smtpd_milters=' \
        '127.0.0.1:8692/inet/smtpd_recipient_restrictions=permit_mynetworks,reject'
    printf '%s lmtp:inet:127.0.0.1:8691\n' sealed.sender.test sealed@sender.test \
        sealed-bounce@sender.test >/etc/postfix/transport-sealed
    postmap /etc/postfix/transport-sealed
    postconf -e 'transport_maps = hash:/etc/postfix/transport-sealed'
    seal_start mailbox
    sender_restart
}

# sealed TO PIN|- TEXT: queues a marked mail from alice, as the milter leaves it.
sealed() {
    MSGID="sealed-$RANDOM-$RANDOM@sender.test"
    printf '%s\n' 'From: Alice <alice@sender.test>' "To: $1" 'Subject: For your eyes only' \
        "Message-ID: <$MSGID>" '' "$3" |
        guest mark "$MAILBOX_DIR/token.key" alice@sender.test "$1" "$2" |
        sendmail -i -f alice@sender.test "${1/@/=}@sealed.sender.test"
}

# The newest link mail to somebody.
link_mail() {
    grep -lxF "Delivered-To: $1" "$RECEIVERS_MAIL"/* 2>/dev/null | xargs -r grep -l 'From:.*Alice' |
        xargs -r ls -t | head -n 1
}

has_link_mail() { [[ $(link_mail "$1") ]]; }

# The PIN in alice's latest receipt.
receipt_pin() {
    sed -n 's/^X-Postseal-PIN: [^ ]* //p' /var/mail/alice | tail -n 1
}

has_receipt() { grep -qF "In-Reply-To: <$MSGID>" /var/mail/alice; }

nothing_in() { ! grep -rqF "$1" "$2" || because "\"$1\" is in $2"; }

mailbox_up
check 'it serves its pages' matches \
    "$(curl -s -H 'Host: sealed.sender.test' "http://127.0.0.1:$MAILBOX_PORT/")" '<!DOCTYPE html>'

sealed bob@plain.test - 'the content that must not leave'
check 'a link mail leaves, in the clear as it has to' until_true has_link_mail bob@plain.test
check 'without content' nothing_in 'content that must not leave' "$RECEIVERS_MAIL"
check 'without subject' nothing_in 'eyes only' "$RECEIVERS_MAIL"
check 'without the mark' nothing_in 'X-Postseal' "$RECEIVERS_MAIL"
check 'a receipt for the sender' until_true has_receipt
check 'the store shows nothing' nothing_in 'content that must not leave' "$MAILBOX_DIR/store"
PIN=$(receipt_pin)
check 'with a PIN' matches "$PIN" '^[0-9]{8}$'

check 'a wrong PIN' equals "$(guest wrong "$MAILBOX_PORT" "$(link_mail bob@plain.test)" 90817263)" 403
check 'link, PIN, password: the letter' matches \
    "$(guest open "$MAILBOX_PORT" "$(link_mail bob@plain.test)" "$PIN" "$MAILBOX_STATE" 2>&1)" \
    'Subject is: For your eyes only.*the content that must not leave'
check 'the link is used' equals \
    "$(guest wrong "$MAILBOX_PORT" "$(link_mail bob@plain.test)" "$PIN")" 409

check 'a reply' guest reply "$MAILBOX_PORT" "$MAILBOX_STATE" 'Re: for your eyes' 'read with care'
check "reaches the sender's mailbox" until_true grep -q 'read with care' /var/mail/alice
check 'from us, with the guest named' grep -q '^From: "bob@plain.test (' /var/mail/alice
check 'and a plain reply is sealed again' grep -q '^Reply-To: bob=plain.test@sealed.sender.test' \
    /var/mail/alice
check 'Sent has it' matches "$(guest read "$MAILBOX_PORT" "$MAILBOX_STATE" sent 2>&1)" \
    'Subject is: Re: for your eyes'

# counted NAME{LABELS} N
counted() { equals "$(postseal stats --prometheus -L | awk -v name="$1" '$1 == name {print $2}')" "$2"; }
check 'counted: it runs' counted 'postseal_up{daemon="mailbox"}' 1
check 'counted: a mail that was taken' counted 'postseal_mailbox_intake_total{outcome="taken"}' 1
check 'counted: sealed' counted 'postseal_mailbox_sealed_total{way="mailbox"}' 1
check 'counted: a wrong PIN' counted 'postseal_mailbox_pins_total{outcome="wrong"}' 1
# guest gets two tickets
check 'counted: right ones' counted 'postseal_mailbox_pins_total{outcome="right"}' 2
check 'counted: opened' counted postseal_mailbox_opened_total 1
check 'counted: the reply' counted postseal_mailbox_replies_total 1
check 'counted: no note waits' until_true counted postseal_mailbox_notes_waiting 0

# A link mail that has to wait, and an answer that comes back, as this Postfix tells of them.
# left_for ADDRESS REPLY
left_for() { log_has "$SENDER_LOG" "to=<$1>.*status=sent \\($2\\)"; }
postconf -e 'delay_warning_time = 1s'
postfix reload 2>/dev/null
sealed bob@dead.test - 'to where nobody answers'
check 'a link mail waits' until_true log_has "$SENDER_LOG" 'to=<bob@dead.test>.*status=deferred'
sleep 2
postqueue -f
check 'that it waits is no bounce' until_true left_for 'sealed-bounce\+[0-9a-f]*@sender.test' \
    '250 2.0.0 nothing to be told of'
postconf -X delay_warning_time
postsuper -d ALL deferred 2>/dev/null
check 'it is taken back' postseal mailbox delete bob@dead.test --yes
cp /etc/aliases "$MAILBOX_DIR/aliases"
echo 'alice: |/bin/false' >>/etc/aliases
newaliases
postfix reload 2>/dev/null
check 'another reply' guest reply "$MAILBOX_PORT" "$MAILBOX_STATE" 'Re: for your eyes' 'comes back'
check 'comes back, and its addressee is told' until_true left_for sealed@sender.test \
    '250 2.0.0 the sender is told'
cp "$MAILBOX_DIR/aliases" /etc/aliases
newaliases

check 'killed' seal_kill mailbox
sealed bob@plain.test - 'while it was down'
check 'mail waits while it is down' until_true log_has "$SENDER_LOG" \
    'to=<bob=plain.test@sealed.sender.test>.*status=deferred'
seal_start mailbox
postqueue -f
second_arrived() {
    guest read "$MAILBOX_PORT" "$MAILBOX_STATE" 2>&1 | grep -q 'while it was down'
}
check 'and comes when it is back' until_true second_arrived

unmarked() {
    printf 'From: alice@sender.test\nSubject: x\n\nunmarked\n' |
        sendmail -i -f alice@sender.test carol=plain.test@sealed.sender.test
}
unmarked
check 'without a mark it comes back' until_true log_has "$SENDER_LOG" \
    'to=<carol=plain.test@sealed.sender.test>.*status=bounced.*no mark of postseal-milter'
check 'counted: refused for want of a mark' \
    counted 'postseal_mailbox_intake_total{outcome="mark"}' 1
check 'counted after a restart: the mailbox is open' counted 'postseal_mailbox_mailboxes{state="open"}' 1
check 'postseal mailbox list' matches "$(postseal mailbox list)" 'open +2 letters .* bob@plain.test'
check 'postseal mailbox delete' postseal mailbox delete bob@plain.test --yes
check 'its key is shredded' equals "$(find "$MAILBOX_DIR/keys" -name '*.key' ! -name server.key)" ''
check 'the password opens nothing any more' refute guest read "$MAILBOX_PORT" "$MAILBOX_STATE"
check 'it ends in good order' seal_stop mailbox
postconf -X transport_maps
postconf -MX 127.0.0.1:8692/inet
cat "$MAILBOX_DIR/conf.before" >"$SEAL_CONF"
seal_restart
sender_restart
