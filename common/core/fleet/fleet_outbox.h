/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fleet_outbox - which of this host's changes the other hosts are to be told, and how the
 * ledger notes that (doc/FLEET.md section 3).
 *
 * The outbox is a set of keys, in two boxes: what goes out at once, since the answer of
 * another host could change by it, and what can wait for the day's round. A key stands
 * there with a generation, the number of the transaction that changed its record: who has
 * told the others takes the key out only if it still has the generation that was read.
 * There is no more in it than there are records.
 */
#ifndef POSTSEAL_CORE_FLEET_OUTBOX_H
#define POSTSEAL_CORE_FLEET_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/record/entry.h"

/* Are records of this kind shared? Journals and the like are each host's own. */
bool fleet_shares(enum entry_kind kind);

/* Does a record that was reduced (merge.h) say anything that another host could use? */
bool fleet_says_something(const struct entry *entry);

enum fleet_change {
	FLEET_SAME,  /* nothing of what is shared has changed */
	FLEET_LATER, /* more of the same: another handshake, a policy that was fetched anew */
	FLEET_NOW    /* first TLS, the first for most of a day, plain, forgotten, an act */
};

/* Between two records of the same kind that were reduced. */
enum fleet_change fleet_compare(const struct entry *before, const struct entry *after);
/* The same of their bytes, as the ledger has them; len 0 before: there was none. What does
 * not decode says nothing. */
enum fleet_change fleet_compare_bytes(enum entry_kind kind, const void *before, size_t before_len,
				      const void *after, size_t after_len);

/*
 * A key of the outbox: a byte for the kind, then the record's key. Exceptions have no such
 * byte, for their keys may be as long as a key can be; they begin with a printable
 * character, which no kind's byte is. So each key has one reading.
 */
#define FLEET_OUTBOX_KEY_SIZE ENTRY_KEY_SIZE
/* How long it is, without a NUL; 0: such a key is none of a record that is shared. */
size_t fleet_outbox_key(char dst[FLEET_OUTBOX_KEY_SIZE], enum entry_kind kind, const char *key,
			size_t len);
/* Strict about which kind it is; that the key is one of that kind shows with the record. */
bool fleet_outbox_take_key(enum entry_kind *kind, char key[ENTRY_KEY_SIZE], const void *bytes,
			   size_t len);

/* The value: the generation. */
void fleet_outbox_put(struct buf *out, uint64_t generation);
bool fleet_outbox_get(uint64_t *generation, const void *bytes, size_t len);

#endif
