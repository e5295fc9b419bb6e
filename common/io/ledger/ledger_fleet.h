/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_fleet - what the ledger keeps for postseal-share (doc/FLEET.md): how far it has
 * read, who the others are, and the outbox, where each change of a record that is shared is
 * noted in the transaction that makes it (core/fleet/fleet_outbox.h).
 *
 * Databases: `fleet` (the state), `member` (by name), `outbox` and `outbox-later` (by
 * kind and key). Where there is no state this host does not share, and nothing is noted.
 */
#ifndef POSTSEAL_IO_LEDGER_FLEET_H
#define POSTSEAL_IO_LEDGER_FLEET_H

#include "core/fleet/fleet_outbox.h"
#include "core/fleet/fleet_state.h"
#include "io/ledger/ledger.h"
#include "io/ledger/ledger_store.h"

enum lookup ledger_get_fleet(struct ledger_txn *txn, struct fleet_state *out);
/* From here on, in this transaction too, changes are noted. */
bool ledger_put_fleet(struct ledger_txn *txn, const struct fleet_state *state);
/* Shares no more: state, members and outbox are gone, what was learned is not. */
bool ledger_leave_fleet(struct ledger_txn *txn);

bool ledger_put_member(struct ledger_txn *txn, const struct fleet_member *member);
bool ledger_remove_members(struct ledger_txn *txn);
/* What this ledger holds, and has to tell, into *member. */
void ledger_measure_member(struct ledger_txn *txn, struct fleet_member *member);
bool ledger_each_member(struct ledger_txn *txn,
			bool (*visit)(void *context, const char *name, const void *member),
			void *context);

/*
 * The outbox.
 */
enum ledger_box { LEDGER_BOX_NOW, LEDGER_BOX_LATER };

size_t ledger_outbox_count(struct ledger_txn *txn, enum ledger_box box);
/*
 * Each record whose key is there, as it is now, with its generation, until `visit` says
 * false; it may not write. False when the walk broke (logged); what cannot be read is
 * passed over.
 */
bool ledger_outbox_each(struct ledger_txn *txn, enum ledger_box box,
			bool (*visit)(void *context, const struct entry *entry,
				      uint64_t generation),
			void *context);
/*
 * The same of all records of the kind of *entry, in the order of their keys, from the one
 * after `after` on ("": all), each put into *entry.
 */
bool ledger_sweep(struct ledger_txn *txn, struct entry *entry, const char *after,
		  bool (*visit)(void *context, const struct entry *entry, uint64_t generation),
		  void *context);
/* The others know the record as it was at this generation. */
bool ledger_outbox_done(struct ledger_txn *txn, enum entry_kind kind, const char *key,
			uint64_t generation);
/* The others lack what this record says. */
bool ledger_outbox_keep(struct ledger_txn *txn, enum entry_kind kind, const char *key,
			enum ledger_box box);
bool ledger_outbox_mark(struct ledger_txn *txn, const struct entry *entry, enum ledger_box box);
/* The same of whatever record has this key, if one has. */
bool ledger_outbox_retell(struct ledger_txn *txn, enum entry_kind kind, const char *key,
			  enum ledger_box box);

/* What is put or deleted from here on comes from the others, or is none of their business. */
void ledger_outbox_pause(struct ledger_txn *txn, bool paused);

/*
 * For ledger_store.c: before a record is put, and after it was deleted. False on failure, which
 * has been logged.
 */
bool ledger_outbox_note(struct ledger_txn *txn, enum ledger_db db, const char *key, size_t len,
			const struct buf *record);
bool ledger_outbox_forget(struct ledger_txn *txn, enum ledger_db db, const char *key, size_t len);

#endif
