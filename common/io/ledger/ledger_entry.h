/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_entry - the ledger's records of all kinds under one type (core/record/entry.h):
 * what imports and exports, other hosts, and an admin's acts go by. Here what was taken
 * away is a record as any other.
 */
#ifndef POSTSEAL_IO_LEDGER_ENTRY_H
#define POSTSEAL_IO_LEDGER_ENTRY_H

#include "core/record/entry.h"
#include "io/ledger/ledger.h"

/* As ledger_put_...; one of the journal is added to it. */
bool ledger_put_entry(struct ledger_txn *txn, const struct entry *entry);
/* Removing what is not there is no failure. */
bool ledger_remove_entry(struct ledger_txn *txn, const struct entry *entry);
/*
 * An admin's act at `now`: the record as it is to be, written with a stamp that is later
 * than that of the one on file, whatever the clock says. The stamp is in *act then.
 */
bool ledger_act(struct ledger_txn *txn, struct entry *act, int64_t now);

/*
 * As ledger_each_..., of the kind of *entry, where each record is put; its key as the ledger
 * has it comes beside it, and entry_take_key is for who wants it in the entry.
 */
bool ledger_each_entry(struct ledger_txn *txn, struct entry *entry,
		       bool (*visit)(void *context, const char *key, const struct entry *entry),
		       void *context);

/*
 * Takes out what was taken away, or has ended, so long ago that it need not be remembered
 * (acts.h): how many is in *dropped. False on failure, which has been logged; then abort.
 */
bool ledger_drop_spent(struct ledger_txn *txn, int64_t now, size_t *dropped);

/* Is there no record at all, nor a journal? */
bool ledger_is_empty(struct ledger_txn *txn);

/*
 * What another ledger says is taken into this one (core/record/merge.h): an import and a fleet do
 * it alike. The journal tells of what admins did elsewhere, and what is now done here, too.
 */
struct ledger_take {
	struct ledger_txn *txn;
	bool every_host;       /* `mixed_mx = lenient` */
	uint16_t default_port; /* of MX hosts */
	int64_t now;
	const char *author;        /* of the journal's entries */
	const char *by;            /* "by an import" */
	struct entry have, merged; /* of the latest record: what was, and what is to be */
	enum lookup found;         /* whether there was one that could be read */
};

/* Merges a record in memory: is there anything to be written? */
bool ledger_take(struct ledger_take *take, const struct entry *entry);
/* Writes it. False on failure, which has been logged; then abort. */
bool ledger_take_write(struct ledger_take *take);

#endif
