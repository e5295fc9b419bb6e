/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply - what a guest answers: made a mail, given to Postfix, and kept in Sent. Runs in a
 * worker's thread.
 *
 * To the sender of the letter and to nobody else; who that is stands in the letter's
 * record. The plain text is in memory alone, while it is being sent.
 */
#ifndef POSTSEAL_MAILBOX_REPLY_H
#define POSTSEAL_MAILBOX_REPLY_H

#include "mailbox/home.h"
#include "mailbox/vault.h"

#define REPLY_ATTACHMENTS_MAX 64

struct reply_attachment {
	struct handle upload;
	unsigned char key[FRAME_KEY_SIZE]; /* K of the upload */
	char *name, *type;                 /* owned */
};

enum reply_outcome {
	REPLY_LATER,
	REPLY_SENT,
	REPLY_SENT_BEFORE,
	REPLY_GONE,
	REPLY_WITHHELD,
	REPLY_RETIRED,
	REPLY_QUOTA,
	REPLY_INCOMPLETE,
	REPLY_TOO_LARGE,
	REPLY_FULL,
	REPLY_REFUSED /* by Postfix, for good: there is nobody who takes it, or it is too large */
};

struct reply {
	struct home *home;
	struct handle mailbox, id, letter, draft;
	bool has_draft;
	struct seal_key vault;
	char *subject, *text; /* owned */
	size_t attachments;
	struct reply_attachment attachment[REPLY_ATTACHMENTS_MAX];
	void *context; /* the caller's */
	/* Set by reply_send. */
	enum reply_outcome outcome;
	struct handle sent;
	int64_t wait; /* REPLY_QUOTA: seconds */
};

void reply_send(struct reply *reply);
void reply_free(struct reply *reply); /* wipes what it held */

#endif
