/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_env - the inside of struct ledger, for ledger_env.c (opening the
 * environment) and ledger.c (transactions and records) only.
 */
#ifndef POSTSEAL_IO_LEDGER_ENV_H
#define POSTSEAL_IO_LEDGER_ENV_H

#include <lmdb.h>
#include <stdatomic.h>
#include <stdint.h>

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

#endif
