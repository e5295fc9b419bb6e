/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outbox - mails of our own: link mails, receipts, notices. Each is put into the store in
 * the transaction in which its news becomes true, and leaves it when Postfix has taken it
 * (250 at `mailbox_submit`). A thread gives them, oldest first, and tries again until then, at
 * first after seconds and at last every half hour, over restarts.
 *
 * Given up, logged and counted, is a mail that is older than OUTBOX_DAYS and was tried
 * OUTBOX_TRIES times since the daemon started (so a clock that steps gives up nothing at
 * once). Of a link mail that Postfix refuses, or that is given up, the sender is told.
 *
 * Once, as far as that is possible: a mail is given again only where its 250 was not heard, or
 * where the daemon was killed between the 250 and the transaction that drops it, and up to
 * OUTBOX_TOGETHER with it; it then has the same Message-ID.
 *
 * What is in it holds secrets of links and PINs: it is sealed under a key file of its own kind in
 * `mailbox_keys`, and such a file is shredded OUTBOX_KEY_SECONDS after its first use, as soon
 * as nothing waits under it. So the store together with all keys has no secret of a link mail that
 * has left, and a store that is restored from an older copy sends nothing again.
 */
#ifndef POSTSEAL_MAILBOX_OUTBOX_H
#define POSTSEAL_MAILBOX_OUTBOX_H

#include "core/mailbox/notes.h"
#include "mailbox/home.h"

#define OUTBOX_DAYS 5 /* as Postfix's maximal_queue_lifetime, and RFC 5321 4.5.4.1 */
#define OUTBOX_TRIES 10
#define OUTBOX_KEY_SECONDS 60
#define OUTBOX_TOGETHER 16

struct outbox;

/* Before there are other threads. NULL: the key files cannot be read; logged. */
struct outbox *outbox_open(struct home *home);
void outbox_start(struct outbox *outbox);
/* Waits for the mail that is being given. */
void outbox_stop(struct outbox *outbox);
void outbox_close(struct outbox *outbox); /* NULL is allowed */

struct outbox_news {
	enum note note;
	const char *from, *to; /* of the envelope; "" is the empty sender */
	/* The letter of a link mail: it is not sent where its mailbox has ended, and who wrote it is
	 * told if it cannot be delivered. NULL: of none. */
	const struct handle *mailbox, *letter;
};

/* In a transaction that writes. False, logged: then the transaction is to be given up. */
bool outbox_put(struct outbox *outbox, struct store_txn *txn, const struct outbox_news *news,
		const struct buf *message);

struct outbox_state {
	size_t waiting;
	int64_t oldest; /* seconds since 1970; 0: none */
	uint64_t lost;  /* given up since the daemon started */
};
/* False: the store cannot be read. Any thread. */
bool outbox_look(const struct outbox *outbox, struct outbox_state *state);

/*
 * tell_... write the notes of core/mailbox/notes.h into the outbox: who is told what, and from
 * whom it comes. In the caller's transaction, together with what the note tells of; false,
 * logged, if that cannot be, and then the transaction is to be given up.
 */
/*
 * `facts` has what differs: sender, name, recipient, in_reply_to, secret, pin, language,
 * date. `id` makes the Message-ID: the same id is the same note.
 */
bool tell_sender(struct home *home, struct store_txn *txn, enum note note, struct note_facts facts,
		 const char *id);
/* The link of a letter, or that it has come; `bounce` is the extension of mailbox_bounce. */
bool tell_letter(struct home *home, struct store_txn *txn, enum note note, struct note_facts facts,
		 const char *bounce, const struct handle *mailbox, const struct handle *letter);
/* Other news for the recipient. */
bool tell_recipient(struct home *home, struct store_txn *txn, enum note note,
		    struct note_facts facts, const char *id);
/* A reply to the sender came back: not by the way on which it did. */
bool tell_reply_lost(struct home *home, struct store_txn *txn, struct note_facts facts,
		     const char *id);
/* The mail with the link to a letter could not be delivered: its sender is told, if it is there. */
bool tell_link_lost(struct home *home, struct store_txn *txn, const struct handle *mailbox,
		    const struct handle *letter);

#endif
