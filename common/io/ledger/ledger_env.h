/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_env - the inside of struct ledger, for ledger_env.c (opening and closing the
 * environment), ledger_store.c (transactions and records), ledger_fleet.c and ledger_migrate.c only.
 */
#ifndef POSTSEAL_IO_LEDGER_ENV_H
#define POSTSEAL_IO_LEDGER_ENV_H

#include <lmdb.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "io/ledger/ledger.h"
#include "io/ledger/ledger_files.h"
#include "io/ledger/ledger_report.h"
#include "io/ledger/ledger_store.h"

struct ledger {
	char *dir;
	bool writable;
	struct ledger_files files; /* that were opened */
	MDB_env *env;
	MDB_dbi dbi[LEDGER_DB_COUNT];
	_Atomic(struct ledger_txn *) spare; /* a reset read transaction, to be renewed */
	struct ledger_report report;
};

struct ledger_txn {
	struct ledger *ledger;
	MDB_txn *txn;
	bool write;
	/* Of a snapshot: which databases hold nothing, as a bit each; asked once, then known. */
	unsigned asked;
	unsigned empty;
	bool changed; /* there is something to be written */
	/* Of one that writes (ledger_fleet.h): are changes to be noted? */
	enum { LEDGER_SHARES_UNKNOWN, LEDGER_SHARES, LEDGER_SHARES_NOT } sharing;
	bool paused;        /* not just now */
	MDB_cursor *cursor; /* of one that reads: of the last walk, to be renewed; or NULL */
	enum ledger_db cursor_db;
};

/* LMDB does not write to keys and values it is given, but does not say so in its types. */
static inline MDB_val ledger_val(const void *bytes, size_t len)
{
	MDB_val val = { .mv_size = len };

	memcpy(&val.mv_data, &bytes, sizeof(bytes));
	return val;
}

/* True if LMDB did what it was to do; else that is logged. */
bool ledger_wrote(struct ledger_txn *txn, const char *doing, int rc);

/* Takes all out of a database. */
bool ledger_empty(struct ledger_txn *txn, enum ledger_db db);

/* Of one that reads, and is not to be renewed; NULL is allowed. */
void ledger_txn_free(struct ledger_txn *txn);

/* The address space that is set aside, and so the largest ledger. It costs
 * nothing until it is used. The same for every process that opens it. */
size_t ledger_map_size(void);

/*
 * LMDB does not write pages that it took from the end of the file and gave
 * back in the same transaction, so the file may end before its last page. That
 * looks like a file cut short, which would kill a reader (SIGBUS). A writer
 * makes the file whole again: missing pages come back zeroed, which LMDB
 * reports as damage if ever it reads one. Returns false, and errno, if the file
 * is short and could not be mended.
 */
bool ledger_mend_length(struct ledger *ledger);

/*
 * A ledger that an older postseal wrote (schema 3) is made into one of this, when the
 * prober opens it.
 *
 * First it is copied to data.mdb.schema3 beside it; a file of that name is replaced. Then all
 * records are written anew in the caller's transaction. Until that is committed nothing has
 * changed, so if it is interrupted it simply begins anew. The log tells how far it is. A
 * record that cannot be read stays as it is, and counts as damaged.
 */
/* While no transaction is open here. False, and said why in `error`. */
bool ledger_migrate_copy(struct ledger *ledger, char error[LEDGER_ERROR_SIZE]);
/* LMDB's error, or 0. */
int ledger_migrate(struct ledger *ledger, MDB_txn *txn);

#endif
