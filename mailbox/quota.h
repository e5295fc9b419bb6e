/* SPDX-License-Identifier: BSD-2-Clause */
/* quota - how much a mailbox and the whole store hold, and is there room for more? */
#ifndef POSTSEAL_MAILBOX_QUOTA_H
#define POSTSEAL_MAILBOX_QUOTA_H

#include "base/lookup.h"
#include "mailbox/home.h"

/* FOUND: there is room for so many octets in this mailbox. ABSENT: there is not. */
enum lookup quota_has_room(const struct home *home, struct store_txn *txn,
			   const struct handle *mailbox, uint64_t more);
/* What all letters take together, counted anew; by the janitor. */
bool quota_count(struct home *home);

/* Counts what is kept, for the gauges of postseal-metrics(7). */
/* All that can be read; a store that fails says so itself, and leaves the gauges as they were. */
void census_take(const struct home *home);

#endif
