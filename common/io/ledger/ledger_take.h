/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_take - what another ledger says, into this one (core/record/merge.h): an import
 * and a fleet do it alike. What admins did elsewhere, and now is done here, too, the
 * journal tells.
 */
#ifndef POSTSEAL_IO_LEDGER_TAKE_H
#define POSTSEAL_IO_LEDGER_TAKE_H

#include "io/ledger/ledger_entry.h"

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
