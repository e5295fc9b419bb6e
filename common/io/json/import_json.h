/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_json - the way back of export_json.h: an export into a ledger.
 *
 * The file is read twice, so it must be one that can be: first all of it is
 * checked, and one bad line means that nothing is changed at all; then it is
 * written, a short transaction every IMPORT_BATCH records, so that daemons that
 * want to write wait for moments only. However long it is, a record of it at a
 * time is in memory. An import that was interrupted is finished by doing it
 * again.
 *
 * What the ledger knows already is merged (core/record/merge.h): importing twice, or two
 * exports in either order, gives the same histories and acts. Look-ups are taken where
 * the ledger has none. A record of the ledger that cannot be read is replaced.
 *
 * Passed over, and counted: a record that holds something dated later than now by more than
 * ACTS_AHEAD, since a clock that was wrong would never be outlived; and, of a file in
 * which nothing is newer than ACTS_OLD, all acts, since what was taken away meanwhile may be
 * remembered no longer. With `restore` nothing is passed over, the ledger must be empty, the
 * journal is taken too, and all is one transaction, so that no half of a backup
 * is ever taken for all of it; of that LMDB keeps up to 512 MiB in memory.
 *
 * The journal tells of an import that changes something: that there was one,
 * and of each override, pins, alias, exceptions and forgetting that came with it.
 */
#ifndef POSTSEAL_IO_IMPORT_JSON_H
#define POSTSEAL_IO_IMPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/record/entry.h"
#include "io/json/export_json.h"
#include "io/ledger/ledger.h"

#define IMPORT_BATCH 1024

struct import {
	FILE *file; /* at its beginning */
	struct ledger *ledger;
	bool restore;
	bool every_host;       /* as merge_entry wants it: `mixed_mx` is lenient */
	uint16_t default_port; /* `smtp_port` */
	int64_t now;
	const char *author;
	const char *name; /* of the file, for the journal */
	/* Told now and then how many bytes of both readings are done; NULL: no one. */
	void (*progress)(void *context, uint64_t bytes);
	void *context;
};

/* By enum entry_kind. Of what was read, the rest was passed over or known already. */
struct import_tally {
	uint64_t read[ENTRY_KINDS];
	uint64_t added[ENTRY_KINDS];
	uint64_t changed[ENTRY_KINDS];
	uint64_t ahead; /* records passed over that are dated ahead */
	uint64_t acts;  /* acts passed over, since the file is old */
	int64_t latest; /* the latest moment in the file that is not ahead; 0: none */
};

enum import_result {
	IMPORT_DONE,
	IMPORT_REFUSED, /* the file is not whole and good, or the ledger not fit: nothing changed */
	IMPORT_FAILED   /* the file cannot be read, or the ledger not be read or written */
};

#define IMPORT_ERROR_SIZE EXPORT_READER_ERROR_SIZE

/* Unless DONE, `error` says what happened, printable, with "line N: " where it is a line's. */
enum import_result import_json(const struct import *import, struct import_tally *tally,
			       char error[IMPORT_ERROR_SIZE]);

#endif
