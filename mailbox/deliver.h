/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deliver - one mail for one recipient: sealed, kept, and told of; or encrypted with OpenPGP
 * and sent, where there is a key on file.
 *
 * In this order, so that it can be killed anywhere and begun again: of a new mailbox, a note
 * that its key file is being made; the key file; the sealed body; and then one transaction,
 * which has letter, link, gate, the mails that tell of them (outbox.h), and that this token
 * was seen for this recipient. Before it there is nothing, and what lies about is swept; after
 * it all is there, and 250 is said. A second try finds the token seen.
 *
 * The link's secret is random, and in the outbox alone until the link mail has left.
 */
#ifndef POSTSEAL_MAILBOX_DELIVER_H
#define POSTSEAL_MAILBOX_DELIVER_H

#include "base/span.h"
#include "core/mailbox/token.h"
#include "mailbox/home.h"

#define DELIVER_REPLY_SIZE 256
#define DELIVER_BOUNCE_OCTETS 8 /* the extension of mailbox_bounce, in hexadecimal */

/* `message` has no header that is for us alone any more. The reply of LMTP into `reply`. */
void deliver(struct home *home, const struct token *token, const char *recipient,
	     struct span message, char reply[DELIVER_REPLY_SIZE]);

/* What came back to mailbox_bounce+EXTENSION: if the link mail has failed (core/mailbox/report.h),
 * the sender is told. */
void deliver_bounce(struct home *home, const char *extension, struct span message, bool null_sender,
		    char reply[DELIVER_REPLY_SIZE]);

#endif
