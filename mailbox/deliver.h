/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deliver - one mail for one recipient: sealed, kept, and told of; or encrypted with OpenPGP
 * and sent, where there is a key on file.
 *
 * In this order, so that it can be killed anywhere and begun again: the sealed body is on
 * disk; one transaction has letter, link, gate, and that this token was seen;
 * Postfix has the mails that tell; the token is marked as done. A second try with the
 * same token makes the same link, which is derived from it (and from the server's key:
 * the token is gone when the mail has left the queue, and nobody can derive it again).
 */
#ifndef POSTSEAL_MAILBOX_DELIVER_H
#define POSTSEAL_MAILBOX_DELIVER_H

#include "base/span.h"
#include "core/mailbox/token.h"
#include "mailbox/home.h"

#define DELIVER_REPLY_SIZE 256

/* `message` has no header that is for us alone any more. The reply of LMTP into `reply`. */
void deliver(struct home *home, const struct token *token, const char *recipient,
	     struct span message, char reply[DELIVER_REPLY_SIZE]);

/* What came back to mailbox_bounce+EXTENSION: the sender is told. */
void deliver_bounce(struct home *home, const char *extension, char reply[DELIVER_REPLY_SIZE]);

#endif
