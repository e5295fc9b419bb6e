/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tell - writes the notes of core/mailbox/notes.h into the outbox: who is told what, and from
 * whom it comes. In the caller's transaction, together with what the note tells of; false,
 * logged, if that cannot be, and then the transaction is to be given up.
 */
#ifndef POSTSEAL_MAILBOX_TELL_H
#define POSTSEAL_MAILBOX_TELL_H

#include "core/mailbox/notes.h"
#include "mailbox/home.h"

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
/* The mail with the link to a letter could not be delivered: its sender is told, if it is there. */
bool tell_link_lost(struct home *home, struct store_txn *txn, const struct handle *mailbox,
		    const struct handle *letter);

#endif
