/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grave - notes in the store of mailboxes whose key file and files are to be removed, which
 * no transaction can do: so neither a mailbox that ended nor one that was never finished leaves
 * anything, wherever the daemon is killed.
 *
 * A grave is dug before the key file of a new mailbox is made, and filled in the transaction
 * that has its records; or it is dug in the transaction that drops them. What is in a
 * grave is buried: its key is shredded, then its files are removed, then the note is.
 */
#ifndef POSTSEAL_MAILBOX_GRAVE_H
#define POSTSEAL_MAILBOX_GRAVE_H

#include "mailbox/home.h"

/* For a mailbox that is being made, in a transaction of its own; on disk when true. */
bool grave_dig(struct store *store, const struct handle *mailbox);
/* It has records now. False: the note is gone, or the store failed. */
bool grave_fill(struct store_txn *txn, const struct handle *mailbox);
/* Its records are dropped in this transaction. */
bool grave_mark(struct store_txn *txn, const struct handle *mailbox);
/* True if nothing of it is left. */
bool grave_bury(struct home *home, const struct handle *mailbox);
/* All, but what is being made by this run of the daemon. */
void grave_sweep(struct home *home);

#endif
