# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Daemons die: mail waits, none is accepted or sent unlooked-at

for victim in alice@secure.sender.test bob@sender.test; do
    smtp_open plain
    smtp 'EHLO client.elsewhere.test'
    smtp 'MAIL FROM:<x@elsewhere.test>'
    seal_kill milter
    check "killed before RCPT: <$victim> is put off" \
        smtp_says '^4[0-9][0-9] ' "RCPT TO:<$victim>"
    smtp_close
    seal_start milter
done

smtp_open plain
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
smtp 'RCPT TO:<bob@sender.test>'
smtp DATA
seal_kill milter
smtp_message killed-1@live.test
check 'killed before the end of the mail: put off' matches "$REPLY_TEXT" '^4[0-9][0-9] '
check 'killed before the end of the mail: nothing arrived' \
    refute grep -qs killed-1@live.test /var/mail/bob
smtp_close

# Not there at all: Postfix turns everybody away at the first mail.
smtp_open plain
smtp 'EHLO client.elsewhere.test'
check 'not running: put off' smtp_says '^4[0-9][0-9] ' 'MAIL FROM:<x@elsewhere.test>'
smtp_close

seal_start milter
smtp_open tls
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
check 'back: accepted again' smtp_says '^250' 'RCPT TO:<alice@secure.sender.test>'
smtp_close

# Alive, and not answering: the same, once Postfix has lost patience (sooner
# here than as shipped).
milter_setting=$(postconf -h postseal_milter)
postconf -e "postseal_milter = ${milter_setting/command_timeout=30s/command_timeout=2s}"
reload
smtp_open tls
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
job_freeze postseal-milter
check 'milter hangs: put off' smtp_says '^4[0-9][0-9] ' 'RCPT TO:<bob@sender.test>'
smtp_close
job_thaw postseal-milter
postconf -e "postseal_milter = $milter_setting"
reload

# No prober: who is known is answered, who is not waits; and is asked for as soon
# as there is a prober again.
answer policy self.test >/dev/null
seal_kill prober
check 'no prober: what is known is answered' answers self.test encrypt
check 'no prober: what is not known waits' answers unprobed.test TEMP
mail_send alice@sender.test x@unprobed.test
check 'no prober: so does its mail' deferred "$QID" x@unprobed.test 'client TLS configuration problem'
seal_start prober
check 'prober back: socketmap finds it again' until_true answers unprobed.test encrypt
mail_retry "$QID"
check 'prober back: sent' sent "$QID" x@unprobed.test
check 'prober back: over TLS' over "$QID" x@unprobed.test 'Trusted TLS'

# No socketmap: Postfix takes no mail, and what it has waits.
mail_send alice@sender.test x@dead.test
check 'mail in the queue' deferred "$QID" x@dead.test 'Connection refused'
waiting=$QID
seal_kill socketmap
mail_retry "$waiting"
check 'no socketmap: what is in the queue waits' deferred "$waiting" x@dead.test \
    '(client TLS configuration problem|address resolver failure)'
mail_post alice@sender.test unmapped@tls.test
check 'no socketmap: what is sent is not taken' until_true log_has "$SENDER_LOG" \
    'alias_maps map lookup problem for unmapped@tls\.test'
smtp_open tls
smtp 'EHLO client.elsewhere.test'
smtp 'MAIL FROM:<x@elsewhere.test>'
check 'no socketmap: what comes in is put off' smtp_says '^4[0-9][0-9] ' 'RCPT TO:<bob@sender.test>'
smtp_close
seal_start socketmap
# postdrop(1) wakes pickup(8), which then takes all there is.
printf 'Subject: wake up\n\n' | sendmail bob@sender.test
check 'socketmap back: taken' mail_taken
check 'socketmap back: sent' sent "$QID" unmapped@tls.test
check 'socketmap back: over TLS' over "$QID" unmapped@tls.test 'Trusted TLS'
postsuper -d "$waiting" 2>/dev/null
